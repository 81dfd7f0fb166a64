package collector

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/collector"
	"github.com/tradefront/tradefront/test/keypair"
)

// public are the names that a library of vendor TF01 exports.
var public = []string{
	"TF01_getsysteminfo", "tfc_at", "tfc_collect", "tfc_count", "tfc_explain", "tfc_flag", "tfc_free", "tfc_free_text", "tfc_missing",
	"tfc_selfcheck", "tfc_terminal_info", "tfc_version",
}

// TestExportsOnlyThePublicNames: anything else could be taken for a function of the host or of another vendor's library.
func TestExportsOnlyThePublicNames(t *testing.T) {
	t.Parallel()
	file, err := elf.Open(tst.path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	var exported []string
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			exported = append(exported, s.Name)
		}
	}
	slices.Sort(exported)
	if !slices.Equal(exported, public) {
		t.Errorf("exported:\n%s\nwant\n%s", strings.Join(exported, "\n"), strings.Join(public, "\n"))
	}
	if soname, err := file.DynString(elf.DT_SONAME); err != nil || len(soname) != 1 || soname[0] != "libtradefront_collect_TF01.so.0" {
		t.Errorf("SONAME %q, %v", soname, err)
	}
	if needed, err := file.ImportedLibraries(); err != nil || !slices.Equal(needed, []string{"libc.so.6"}) {
		t.Errorf("needs %q, %v; want libc alone", needed, err)
	}
	if flags, err := file.DynValue(elf.DT_FLAGS_1); err != nil || len(flags) != 1 || elf.DynFlag1(flags[0])&elf.DF_1_NODELETE == 0 {
		t.Errorf("may be unloaded: %v, %v", flags, err)
	}
	if target, err := os.Readlink(filepath.Join(tst.built(t), "libtradefront_collect_TF01.so.0")); err != nil || target != "libtradefront_collect_TF01.so" {
		t.Errorf("the SONAME leads to %q, %v", target, err)
	}
}

// TestCallsNoResolver: a library that connects nowhere looks up no name, so a vendor who lists its imports finds no function that could.
func TestCallsNoResolver(t *testing.T) {
	t.Parallel()
	file, err := elf.Open(tst.path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	imported, err := file.ImportedSymbols()
	if err != nil || len(imported) == 0 {
		t.Fatalf("imports %d functions, %v", len(imported), err)
	}
	for _, s := range imported {
		switch s.Name {
		case "getaddrinfo", "getnameinfo", "gethostbyname", "gethostbyaddr", "res_search", "res_nsearch", "res_query":
			t.Errorf("it imports %s", s.Name)
		}
	}
}

// TestPublicNamesAreThoseOfTheHeader: what is exported can be called, and the other way round.
func TestPublicNamesAreThoseOfTheHeader(t *testing.T) {
	t.Parallel()
	header, err := os.ReadFile(filepath.Join(tst.built(t), "tradefront_collect.h"))
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for line := range strings.Lines(string(header)) {
		if rest, ok := strings.CutPrefix(line, "TFC_API "); ok {
			before, _, _ := strings.Cut(rest, "(")
			declared = append(declared, strings.TrimLeft(before[strings.LastIndexByte(before, ' ')+1:], "*"))
		}
	}
	slices.Sort(declared)
	if !slices.Equal(declared, public) {
		t.Errorf("declared %q, want %q", declared, public)
	}
}

// TestHeadersOfTwoVendorsFitOneProgram, in C and in C++.
func TestHeadersOfTwoVendorsFitOneProgram(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "both.c")
	text := "#include \"" + filepath.Join(tst.built(t), "tradefront_collect.h") + "\"\n#include \"" + filepath.Join(other.built(t), "tradefront_collect.h") +
		"\"\nint main(void) { int n = 0; return TF01_getsysteminfo(0, &n) != TFC_BUFFER || XY02_getsysteminfo(0, &n) != TFC_BUFFER; }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, compiler := range [][]string{{"gcc", "-x", "c", "-std=c99"}, {"g++", "-x", "c++", "-std=c++17"}} {
		program := filepath.Join(t.TempDir(), "both")
		args := slices.Concat(compiler[1:], []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", program, source, "-x", "none"},
			tst.linked(t), other.linked(t))
		run(t, need(t, compiler[0]), args...)
		run(t, program)
	}
}

// TestSameTreeMakesTheSameBytes, in any folder, with any folder for temporary files, and by a compiler that is named in several words. The first
// is the library of all tests, which an earlier run may have built.
func TestSameTreeMakesTheSameBytes(t *testing.T) {
	// It sets the environment, so it is not parallel.
	first := tst.built(t)
	second := filepath.Join(t.TempDir(), "another folder")
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("CGO_CFLAGS", "-O0 -g")
	if err := tst.build(second, "env gcc"); err != nil {
		t.Fatal(err)
	}
	tree, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"libtradefront_collect_TF01.so", "tradefront_collect.h", "tradefront_collect_TF01.pc"} {
		one, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		two, err := os.ReadFile(filepath.Join(second, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s differs", name)
		}
		for _, folder := range []string{first, second, temporary, tree} {
			if bytes.Contains(one, []byte(folder)) || bytes.Contains(two, []byte(folder)) {
				t.Errorf("%s names %s, a folder of the machine that built it", name, folder)
			}
		}
	}
}

// TestBadOptionsBuildNothing: each is refused by a line that names it, before anything is built.
func TestBadOptionsBuildNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&small.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	good := collector.Options{
		Vendor: "TF01", Key: file("good.pem", keypair.RSA(0).Public), KeyVersion: "1.0", Kind: "pro", Out: filepath.Join(dir, "out"),
		Version: "0.1.0", Day: "2026-01-05", Target: "linux/amd64", Root: root,
	}
	for _, c := range []struct {
		name   string
		change func(*collector.Options)
		want   string
	}{
		{"1024 bits", func(o *collector.Options) {
			o.Key = file("small.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
		}, "RSA with 1024 bits"},
		{"private key", func(o *collector.Options) { o.Key = file("private.pem", keypair.RSA(0).Private) }, "PRIVATE key"},
		{"SM2 private key", func(o *collector.Options) { o.Key = file("sm2.pem", keypair.SM2(0).Private) }, "PRIVATE key"},
		{"not PEM", func(o *collector.Options) { o.Key = file("der", spki) }, "no PEM block"},
		{"empty file", func(o *collector.Options) { o.Key = file("empty.pem", nil) }, "no PEM block"},
		{"no such file", func(o *collector.Options) { o.Key = filepath.Join(dir, "none.pem") }, "none.pem: no such file"},
		{"the public test key in production", func(o *collector.Options) {
			o.Key = file("tst.pem", append([]byte("a remark\n"), tstkey.Public...))
		}, "KIND=tst"},
		{"the same behind a byte-order mark", func(o *collector.Options) {
			o.Key = file("mark.pem", append([]byte("\ufeff"), tstkey.Public...))
		}, "KIND=tst"},
		{"no key", func(o *collector.Options) { o.Key = "" }, "KEY is empty"},
		{"key version too long", func(o *collector.Options) { o.KeyVersion = "123456789" }, "key version: 9 bytes"},
		{"key version with @", func(o *collector.Options) { o.KeyVersion = "1@0" }, "printable ASCII"},
		{"no key version", func(o *collector.Options) { o.KeyVersion = "" }, "key version: 0 bytes"},
		{"vendor that is no C name", func(o *collector.Options) { o.Vendor = "TF-1" }, "VENDOR=TF-1"},
		{"vendor that begins with a digit", func(o *collector.Options) { o.Vendor = "1234" }, "VENDOR=1234"},
		{"vendor of 11 bytes", func(o *collector.Options) { o.Vendor = "ABCDEFGHIJK" }, "1 to 10 letters"},
		{"vendor with a path", func(o *collector.Options) { o.Vendor = "../x" }, "VENDOR=../x"},
		{"no kind", func(o *collector.Options) { o.Kind = "" }, "want pro"},
		{"unknown target", func(o *collector.Options) { o.Target = "linux/riscv64" }, "TARGET=linux/riscv64"},
		{"no folder", func(o *collector.Options) { o.Out = "" }, "OUT is empty"},
		{"no compiler", func(o *collector.Options) { o.CC = "no-such-gcc" }, "no-such-gcc"},
	} {
		o := good
		c.change(&o)
		err := collector.Build(context.Background(), o)
		switch {
		case err == nil:
			t.Errorf("%s: built", c.name)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		case strings.Contains(err.Error(), "MII"):
			t.Errorf("%s: the error has a part of the key: %v", c.name, err)
		}
		if _, err := os.Stat(good.Out); err == nil {
			t.Fatalf("%s: something was built", c.name)
		}
	}
}

// TestMakeCollector is the command that vendors type.
func TestMakeCollector(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(key, keypair.RSA(0).Public, 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(key string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), need(t, "make"), "collector", "VENDOR=TF01", "KEY="+key, "KEY_VERSION=1.0", "KIND=tst", "OUT="+dir+"/out")
		cmd.Dir = root
		return cmd
	}
	if out, err := command(key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"libtradefront_collect_TF01.so", "tradefront_collect.h"} {
		if info, err := os.Stat(filepath.Join(dir, "out", name)); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	private := filepath.Join(dir, "private.pem")
	if err := os.WriteFile(private, keypair.RSA(0).Private, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(private).CombinedOutput(); err == nil || !strings.Contains(string(out), "collector: KEY="+private) {
		t.Errorf("with a private key: %v\n%s", err, out)
	}
}

// TestNoPackageOpensThePoller: these read a file by package os when they are initialised, on arm64 alone, and Go's poller stays open for it
// (collector/golib/garbage.go says what that would do). TestCallsOfManyThreads counts descriptors on the machine that runs it.
func TestNoPackageOpensThePoller(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		deps := runIn(t, []string{"GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=1"}, need(t, "go"), "list", "-deps", "-tags", "purego,netgo",
			"github.com/tradefront/tradefront/collector/golib")
		if !strings.Contains(deps, "client/collect\n") {
			t.Fatalf("no list of packages:\n%s", deps)
		}
		for _, bad := range []string{"golang.org/x/sys/cpu", "github.com/emmansun/gmsm/internal/deps/cpu"} {
			if strings.Contains("\n"+deps, "\n"+bad+"\n") {
				t.Errorf("on %s the library has %s", arch, bad)
			}
		}
	}
}

// TestPkgConfigFile leads to a program that runs.
func TestPkgConfigFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(tst.built(t), "tradefront_collect_TF01.pc"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Version: 0.1.0\n", "Libs: -L${libdir} -ltradefront_collect_TF01\n", "Cflags: -I${includedir}\n"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	program := tst.compiled(t, need(t, "gcc"), "collector/samples/c/collect.c", "-std=c99", "-L"+tst.built(t), "-ltradefront_collect_TF01", "-Wl,-rpath,"+tst.built(t))
	if out := run(t, program); !strings.HasPrefix(out, "TF01 tst 1.0 2026-01-05 0.1.0 linux-amd64 rsa2048\n") {
		t.Errorf("it prints\n%s", out)
	}
}
