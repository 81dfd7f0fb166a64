//go:build unix

package collectcmd

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPipe: to open a pipe that nothing writes into would block for ever.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readFile(path, 10); !errors.Is(err, errNoFile) {
		t.Errorf("a pipe: %v", err)
	}
}
