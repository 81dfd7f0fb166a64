package files

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/testmain"
)

// What people name by mistake is told at once; nothing waits for a pipe's writer.
func TestOpenTakesFilesAlone(t *testing.T) {
	dir := t.TempDir()
	pipe, socket, file := filepath.Join(dir, "pipe"), filepath.Join(testmain.ShortDir(t), "s"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "is a pipe", socket: "is a socket", dir: "is a folder", "/dev/zero": "is a device",
	} {
		_, err := Open(path)
		var named *fs.PathError
		if !errors.As(err, &named) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if data, err := Read(file, 7); err != nil || string(data) != "content" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := Read(file, 6); err == nil || !strings.Contains(err.Error(), "longer than 6 bytes") {
		t.Error(err)
	}
	large := bytes.Repeat([]byte("x"), 100_000)
	if err := os.WriteFile(file, large, 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := Read(file, 100_000); err != nil || !bytes.Equal(data, large) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// A file is replaced from beside it, not from TMPDIR, and what a run that was killed
// left there goes; what a run that lives is writing, or is another's, stays.
func TestCreateBesideTheTarget(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	path := filepath.Join(dir, "master.key")
	old := time.Now().Add(-time.Hour)
	leave := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, old, old); err != nil {
			t.Fatal(err)
		}
		return p
	}
	left, other := leave(".master.key4711"), leave(".master.key.swp")

	first, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Cleanup()
	if filepath.Dir(first.Name()) != dir {
		t.Errorf("the temporary file is %s", first.Name())
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what a killed run left is there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := os.Chtimes(first.Name(), old, old); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.Name()); err != nil {
		t.Errorf("the file of a run that lives is gone: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "second" {
		t.Errorf("%q, %v", data, err)
	}
	if entries, _ := os.ReadDir(elsewhere); len(entries) > 0 {
		t.Errorf("in the system's folder: %v", entries)
	}
}
