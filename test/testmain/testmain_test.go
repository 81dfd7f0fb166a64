package testmain

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLeftoversOfDeadRunsAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead := filepath.Join(os.TempDir(), prefix+"test-4194399-left") // above the kernel's highest process number, 2^22
	mine := filepath.Join(os.TempDir(), fmt.Sprintf("%stest-%d-mine", prefix, os.Getpid()))
	for _, dir := range []string{dead, mine} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	RemoveLeftovers("test")
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("a dead run's folder stays: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("a living run's folder is gone: %v", err)
	}
}

// TestOfAnyShell: a umask and variables of the shell that starts the tests are not theirs.
func TestOfAnyShell(t *testing.T) {
	t.Setenv("PGOPTIONS", "-c search_path=odd")
	t.Setenv("TRADEFRONT_STORE_DRIVER", "postgres")
	t.Setenv("LANG", "zh_CN.UTF-8")
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	t.Setenv("TRADEFRONT_TEST_KEPT", "for a test")
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	asEverywhere()
	for name, want := range map[string]bool{"PGOPTIONS": false, "LANG": false, "LC_ALL": false, "TRADEFRONT_STORE_DRIVER": false, "TRADEFRONT_TEST_KEPT": true} {
		if value, set := os.LookupEnv(name); set != want {
			t.Errorf("%s is %q, set %v", name, value, set)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestTooFewFiles: a limit below what the tests need is one clear line, not twenty tests that fail.
func TestTooFewFiles(t *testing.T) {
	if err := enoughFiles(fewestFiles); err != nil {
		t.Error(err)
	}
	if err := enoughFiles(1 << 62); err == nil || !strings.Contains(err.Error(), "raise the limit (ulimit -n)") {
		t.Error(err)
	}
}

// TestShortDir: a socket can be made there, however long TMPDIR is.
func TestShortDir(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("l", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{os.TempDir(), long} {
		t.Setenv("TMPDIR", parent)
		l, err := net.Listen("unix", filepath.Join(ShortDir(t), "haproxy.sock"))
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
