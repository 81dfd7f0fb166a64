package collector

import (
	"bytes"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// field is what a login carries: key version, flag, ciphertext.
func field(t *testing.T, path string) (version, flag string, ciphertext []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || len(data) <= 9 {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	return string(data[:8]), string(data[8:9]), data[9:]
}

// opened opens the field in a file with OpenSSL, and holds the string to what this machine is.
func (l *library) opened(t *testing.T, path string) string {
	t.Helper()
	version, flag, ciphertext := field(t, path)
	want := machine(t)
	if version != "1.0     " || flag != string(rune(want.Flag())) {
		t.Errorf("version %q, flag %q; want 1.0 and %c", version, flag, want.Flag())
	}
	if l.key.RSA != nil && len(ciphertext) != 256 {
		t.Errorf("%d bytes of ciphertext", len(ciphertext))
	}
	text := l.decrypted(t, path)
	if got, wanted := withoutTime(text), withoutTime(want.Text()); got != wanted {
		t.Errorf("it says %q, want %q", got, wanted)
	}
	return text
}

// decrypted opens the field in a file with OpenSSL.
func (l *library) decrypted(t *testing.T, path string) string {
	t.Helper()
	_, _, ciphertext := field(t, path)
	if l.key.RSA == nil {
		ciphertext = sm2ASN1(t, ciphertext)
	}
	cmd := exec.CommandContext(t.Context(), need(t, "openssl"), "pkeyutl", "-decrypt", "-inkey", l.private(t))
	cmd.Stdin = bytes.NewReader(ciphertext)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("OpenSSL does not open it: %v", err)
	}
	if len(out) > 245 {
		t.Errorf("%d bytes", len(out))
	}
	if _, err := terminalinfo.Parse(string(out)); err != nil {
		t.Error(err)
	}
	return string(out)
}

// machine is what Go's half finds when it is called as a package.
func machine(t *testing.T) *collect.Result {
	t.Helper()
	found, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var times = regexp.MustCompile(`@\d{4}-\d\d-\d\d \d\d:\d\d:\d\d@`)

func withoutTime(text string) string { return times.ReplaceAllString(text, "@TIME@") }

// sm2ASN1 puts a raw ciphertext C1C3C2 into the form that OpenSSL reads.
func sm2ASN1(t *testing.T, raw []byte) []byte {
	t.Helper()
	if len(raw) < 97 || raw[0] != 4 {
		t.Fatalf("%d bytes, no raw SM2 ciphertext", len(raw))
	}
	der, err := asn1.Marshal(struct {
		X, Y             *big.Int
		Hash, Ciphertext []byte
	}{new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:65]), raw[65:97], raw[97:]})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestSamplesInCAndCPPOpenWithOpenSSL, under RSA and SM2.
func TestSamplesInCAndCPPOpenWithOpenSSL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, compiler, source, standard string
		library                          *library
	}{
		{"C", "gcc", "collector/samples/c/collect.c", "-std=c99", tst},
		{"C++", "g++", "collector/samples/cpp/collect.cc", "-std=c++17", tst},
		{"C of another vendor", "gcc", "collector/samples/c/collect.c", "-std=c11", other},
		{"C with SM2", "gcc", "collector/samples/c/collect.c", "-std=c99", sm2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := append([]string{c.standard, "-Wpedantic", "-Wconversion", "-Wshadow"}, c.library.linked(t)...)
			program := c.library.compiled(t, need(t, c.compiler), c.source, flags...)
			file := filepath.Join(t.TempDir(), "field")
			out := run(t, program, file)
			text := c.library.opened(t, file)
			if serial := strings.Split(text, "@")[8]; len(serial) > 4 && strings.Contains(out, serial) {
				t.Errorf("a serial is in clear in\n%s", out)
			}
			if again := run(t, program, file+"2"); again == "" || bytes.Equal(read(t, file), read(t, file+"2")) {
				t.Error("two logins have the same ciphertext, which a front takes for a replay")
			}
		})
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSelfcheckSaysWhatTheCommandSays: the C library's words are the Go package's.
func TestSelfcheckSaysWhatTheCommandSays(t *testing.T) {
	t.Parallel()
	program := tst.compiled(t, need(t, "gcc"), "test/collector/hosts/selfcheck.c", append([]string{"-std=c99"}, tst.linked(t)...)...)
	found := machine(t)
	want := found.Explain(collect.Chinese) + found.Explain(collect.English)
	clock := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	if got := run(t, program); clock.ReplaceAllString(got, "T") != clock.ReplaceAllString(want, "T") {
		t.Errorf("it prints\n%s\nwant\n%s", got, want)
	}
}

// pythonSays is what hosts/python.py prints.
type pythonSays struct {
	Code, Missing                  int
	Flag, Version                  string
	Names, States                  []string
	Fork, ForkServer, Spawn, Clear string
}

// TestPythonPackage: a wheel that needs no compiler, installed without a network; multiprocessing by fork is refused, by other means it works.
func TestPythonPackage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python := need(t, "python3")
	wheel := strings.TrimSpace(run(t, python, filepath.Join(root, "collector/samples/python/make_wheel.py"), tst.path(t), dir, "0.1.0"))
	if again := strings.TrimSpace(run(t, python, filepath.Join(root, "collector/samples/python/make_wheel.py"), tst.path(t), t.TempDir(), "0.1.0")); !bytes.Equal(
		read(t, wheel), read(t, again)) {
		t.Error("two wheels of the same library differ")
	}
	python = installed(t, python, wheel, dir)
	file := filepath.Join(dir, "field")
	run(t, python, "-m", "tradefront_collector", file)
	text := tst.opened(t, file)

	var says pythonSays
	if err := json.Unmarshal([]byte(run(t, python, filepath.Join("hosts", "python.py"))), &says); err != nil {
		t.Fatal(err)
	}
	found := machine(t)
	var names, states []string
	for _, item := range found.Items {
		names, states = append(names, item.Word), append(states, item.State.String())
	}
	if says.Missing != int(found.Missing()) || says.Code != says.Missing || says.Flag != string(rune(found.Flag())) ||
		!slices.Equal(says.Names, names) || !slices.Equal(says.States, states) {
		t.Errorf("Python says %+v, Go %s", says, found.Explain(collect.English))
	}
	if says.Fork != "-6" || says.ForkServer != "ok" || says.Spawn != "ok" {
		t.Errorf("children of multiprocessing: fork %s, forkserver %s, spawn %s", says.Fork, says.ForkServer, says.Spawn)
	}
	if os := strings.Split(text, "@")[7]; says.Clear != os {
		t.Errorf("a tst library says %q in clear, want %q", says.Clear, os)
	}
}

// TestWheelNamesThePlatform of the library that is in it, not of the machine that packs it.
func TestWheelNamesThePlatform(t *testing.T) {
	t.Parallel()
	python, dir := need(t, "python3"), t.TempDir()
	for platform, header := range map[string]string{
		"linux_x86_64": "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00", "win_amd64": "MZ\x90\x00",
		"linux_aarch64": "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\xb7\x00",
	} {
		library := filepath.Join(dir, "libtradefront_collect_TF01.so")
		if err := os.WriteFile(library, []byte(header), 0o600); err != nil {
			t.Fatal(err)
		}
		wheel := filepath.Base(strings.TrimSpace(run(t, python, filepath.Join(root, "collector/samples/python/make_wheel.py"), library, dir, "0.1.0")))
		if want := "tradefront_collector-0.1.0-py3-none-" + platform + ".whl"; wheel != want {
			t.Errorf("%s, want %s", wheel, want)
		}
	}
}

// installed is the Python of an environment that has the wheel: unpacked as pip unpacks one, which takes a fraction of a second and needs no pip.
func installed(t *testing.T, python, wheel, dir string) string {
	t.Helper()
	environment := filepath.Join(dir, "venv")
	run(t, python, "-m", "venv", "--without-pip", environment)
	python = filepath.Join(environment, "bin", "python")
	where := strings.TrimSpace(run(t, python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"))
	run(t, python, "-m", "zipfile", "-e", wheel, where)
	return python
}

// TestPipInstallsTheWheel: pip itself takes it, checks its record, and removes all of it.
func TestPipInstallsTheWheel(t *testing.T) {
	heavy(t)
	dir := t.TempDir()
	wheel := strings.TrimSpace(run(t, need(t, "python3"), filepath.Join(root, "collector/samples/python/make_wheel.py"), tst.path(t), dir, "0.1.0"))
	run(t, "python3", "-m", "venv", filepath.Join(dir, "venv"))
	python := filepath.Join(dir, "venv", "bin", "python")
	run(t, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel)
	run(t, python, "-m", "tradefront_collector", filepath.Join(dir, "field"))
	tst.opened(t, filepath.Join(dir, "field"))
	run(t, python, "-m", "pip", "uninstall", "--quiet", "--yes", "--disable-pip-version-check", "tradefront-collector")
	if left, err := filepath.Glob(filepath.Join(dir, "venv", "lib", "*", "site-packages", "tradefront*")); err != nil || len(left) != 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// TestJavaSample by way of JNA, in a JVM that makes null pointers its own by SIGSEGV.
func TestJavaSample(t *testing.T) {
	heavy(t)
	file := filepath.Join(t.TempDir(), "field")
	out := run(t, need(t, "java"), "-Xcheck:jni", "-cp", "/usr/share/java/jna.jar", filepath.Join(root, "collector/samples/java/Collect.java"), tst.path(t), file)
	tst.opened(t, file)
	if !strings.Contains(out, "null pointers caught: 20000\n") || strings.Contains(out, "SIGSEGV handler") {
		t.Error(out)
	}
}
