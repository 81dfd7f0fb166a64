package testmain

import (
	"fmt"
	"os"
	"path/filepath"
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
