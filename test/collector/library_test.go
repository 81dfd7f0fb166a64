package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/collector"
	"github.com/tradefront/tradefront/test/built"
	"github.com/tradefront/tradefront/test/keypair"
)

// root is the folder of the tree.
const root = "../.."

// library is a built library.
type library struct {
	vendor, kind, target string
	gcc                  string // the target's, by its name
	key                  *keypair.Pair

	once sync.Once
	dir  string
	err  error
}

var (
	tst   = &library{vendor: "TF01", kind: "tst", target: "linux/amd64", gcc: "gcc", key: keypair.RSA(0)}
	other = &library{vendor: "XY02", kind: "pro", target: "linux/amd64", gcc: "gcc", key: keypair.RSA(1)}
	sm2   = &library{vendor: "SM03", kind: "tst", target: "linux/amd64", gcc: "gcc", key: keypair.SM2(0)}
	arm64 = &library{vendor: "TF01", kind: "tst", target: "linux/arm64", gcc: "aarch64-linux-gnu-gcc", key: keypair.RSA(0)}
	dll   = &library{vendor: "TF01", kind: "tst", target: "windows/amd64", gcc: "x86_64-w64-mingw32-gcc", key: keypair.RSA(0)}
)

// built is the folder of the library, which a run takes from the one before it if nothing has changed of which the library is made.
func (l *library) built(t testing.TB) string {
	t.Helper()
	need(t, l.gcc)
	l.once.Do(func() {
		l.err = errors.New("the tests do not know of what it is built")
		l.dir, l.err = built.Folder(l.name(t), func(path string) error { return l.build(path, "") })
	})
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l.dir
}

// name is different for each library: by its options, tools and sources. TestSameTreeMakesTheSameBytes fails if it lacks something.
func (l *library) name(t testing.TB) string {
	t.Helper()
	system, machine, _ := strings.Cut(l.target, "/")
	settings := []string{
		fmt.Sprint(l.options()), string(l.key.Public), string(read(t, filepath.Join(root, "go.mod"))),
		run(t, "go", "env", "GOVERSION", "GOEXPERIMENT", "GOFIPS140"), run(t, strings.TrimSuffix(l.gcc, "gcc")+"ld", "--version"),
	}
	folders := runIn(t, []string{"GOOS=" + system, "GOARCH=" + machine, "CGO_ENABLED=1"}, "go", "list", "-deps", "-tags", "purego,netgo",
		"-f", "{{if not .Standard}}{{.Dir}}{{end}}", "github.com/tradefront/tradefront/collector/...")
	all := strings.Split(strings.TrimSpace(folders), "\n") // the path of a tree may have blanks
	return nameOf(t, l.gcc, settings, append(all, filepath.Join(root, "collector", "shim"))...)
}

func (l *library) options() collector.Options {
	return collector.Options{Vendor: l.vendor, KeyVersion: "1.0", Kind: l.kind, Version: "0.1.0", Day: "2026-01-05", Target: l.target, Root: root}
}

func (l *library) build(out, compiler string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	o := l.options()
	o.Key, o.Out, o.CC = filepath.Join(out, "key.pem"), out, compiler
	if err := os.WriteFile(o.Key, l.key.Public, 0o600); err != nil {
		return err
	}
	return collector.Build(context.Background(), o)
}

// path is that of the library's file.
func (l *library) path(t testing.TB) string {
	t.Helper()
	suffix := ".so"
	if l == dll {
		suffix = ".dll"
	}
	return filepath.Join(l.built(t), "libtradefront_collect_"+l.vendor+suffix)
}

// private is the file of the key's private half.
func (l *library) private(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "private.pem")
	if err := os.WriteFile(path, l.key.Private, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// compiled builds a program of the tree against the library, all warnings on.
func (l *library) compiled(t testing.TB, compiler, source string, flags ...string) string {
	t.Helper()
	source = filepath.Join(root, source)
	args := append([]string{"-g", "-O1", "-Wall", "-Wextra", "-Werror", "-I", l.built(t), source}, flags...)
	return compiledOnce(t, compiler, source, args, filepath.Dir(source))
}

// compiledOnce is a program that is built once for each compiler, its arguments, and what is in the folders.
func compiledOnce(t testing.TB, compiler, source string, args []string, folders ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), filepath.Ext(source)))
	err := built.Kept(program, nameOf(t, compiler, args, folders...), func(path string) error {
		if out, err := exec.Command(compiler, append([]string{"-o", path}, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s does not compile: %w\n%s", source, err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// linked are the flags that link a program with the library at its place.
func (l *library) linked(t testing.TB) []string {
	t.Helper()
	return []string{l.path(t), "-Wl,-rpath," + l.built(t)}
}

// run runs a program that must succeed and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	return runIn(t, nil, name, args...)
}

func runIn(t testing.TB, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second // a child of a host may hold its output open
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(append([]string{filepath.Base(name)}, args...), " "), err, out.Bytes(), errOut.Bytes())
	}
	return out.String()
}

// need fails a test whose program test/ensure-tools.sh should have installed.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(fmt.Sprintf("this test needs %s, which test/ensure-tools.sh installs (with the word collector for `make collector-test`): ", program), err)
	}
	return path
}
