package collector

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/collector"
	"github.com/tradefront/tradefront/test/keypair"
)

// root is the folder of the tree.
const root = "../.."

// library is a built library.
type library struct {
	vendor, kind, target string
	key                  *keypair.Pair

	once sync.Once
	dir  string
	err  error
}

var (
	tst   = &library{vendor: "TF01", kind: "tst", target: "linux/amd64", key: keypair.RSA(0)}
	other = &library{vendor: "XY02", kind: "pro", target: "linux/amd64", key: keypair.RSA(1)}
	sm2   = &library{vendor: "SM03", kind: "tst", target: "linux/amd64", key: keypair.SM2(0)}
	arm64 = &library{vendor: "TF01", kind: "tst", target: "linux/arm64", key: keypair.RSA(0)}
	dll   = &library{vendor: "TF01", kind: "tst", target: "windows/amd64", key: keypair.RSA(0)}
)

// built builds the library, once, and returns its folder.
func (l *library) built(t testing.TB) string {
	t.Helper()
	l.once.Do(func() {
		l.dir = filepath.Join(work, l.vendor+"-"+l.kind+"-"+strings.ReplaceAll(l.target, "/", "-"))
		l.err = l.build(l.dir, "")
	})
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l.dir
}

func (l *library) build(out, compiler string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	key := filepath.Join(out, "key.pem")
	if err := os.WriteFile(key, l.key.Public, 0o600); err != nil {
		return err
	}
	return collector.Build(context.Background(), collector.Options{
		Vendor: l.vendor, Key: key, KeyVersion: "1.0", Kind: l.kind, Out: out, Version: "0.1.0", Day: "2026-01-05", Target: l.target, CC: compiler, Root: root,
	})
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
	program := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), filepath.Ext(source)))
	args := append([]string{"-g", "-O1", "-Wall", "-Wextra", "-Werror", "-I", l.built(t), "-o", program, filepath.Join(root, source)}, flags...)
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s does not compile: %v\n%s", source, err, out)
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
