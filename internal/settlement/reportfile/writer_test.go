package reportfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullDisk takes so many bytes and then no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		n := d.room
		d.room = 0
		return n, syscall.ENOSPC
	}
	d.room -= len(p)
	return len(p), nil
}

func create(t *testing.T, dir string) *Writer {
	t.Helper()
	w, err := Create(dir, "report.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Discard)
	return w
}

// wantNames fails unless dir has just these files, temporary ones included.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%v, want %v", names, want)
	}
}

// TestWriterFullDisk: the error of a full disk comes from Write or from Finish, never later, and
// nothing is left.
func TestWriterFullDisk(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, writeBuffer, 3 * writeBuffer} {
		dir := t.TempDir()
		w := create(t, dir)
		w.FailOn(&fullDisk{room}, nil)
		var err error
		for written := 0; written < 10*writeBuffer && err == nil; written += 1000 {
			_, err = w.Write(make([]byte, 1000))
		}
		if err == nil {
			err = w.Finish()
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d: %v", room, err)
		}
		if err := w.Commit(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d: Commit: %v", room, err)
		}
		w.Discard()
		wantNames(t, dir)
	}
}

// A name that is taken by a folder cannot be replaced: the rename fails last, and nothing else is left.
func TestWriterRenameFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "report.txt", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := create(t, dir)
	if _, err := w.Write([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil {
		t.Error("a folder was replaced")
	}
	w.Discard()
	wantNames(t, dir, "report.txt")
}

// TestWriterNeedsFolder: what is wrong with the folder is said before anything is written.
func TestWriterNeedsFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{filepath.Join(t.TempDir(), "none"): "is not there", file: "is not a directory"} {
		if _, err := Create(dir, "report.txt"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dir, err, want)
		}
	}
}

// KeepBeside takes the next name that is free, and the manifest along.
func TestKeepBeside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "r")
	for name, content := range map[string]string{path: "x\n", ManifestName(path): "{}", path + ".replaced-1": "older"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := KeepBeside(path)
	if err != nil || kept != path+".replaced-2" {
		t.Fatalf("%s, %v", kept, err)
	}
	if sum, lines, err := Sum(t.Context(), kept); err != nil || lines != 1 || sum == [32]byte{} {
		t.Errorf("%d lines, %v", lines, err)
	}
	wantNames(t, dir, "r", "r.manifest.json", "r.replaced-1", "r.replaced-2", "r.replaced-2.manifest.json")
}
