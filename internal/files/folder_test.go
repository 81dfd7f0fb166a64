package files

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFolderThatCannotBeSynced(t *testing.T) {
	for _, c := range []struct {
		name        string
		err         error
		unsupported bool
		fails       bool
	}{
		{"synced", nil, false, false},
		{"older CIFS", unix.EINVAL, true, false},
		{"FUSE", unix.ENOTSUP, true, false},
		{"a disk that fails", unix.EIO, false, true},
		{"a full disk", unix.ENOSPC, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := func(f *os.File) error {
				if c.err == nil {
					return nil
				}
				return &os.PathError{Op: "sync", Path: f.Name(), Err: c.err}
			}
			unsupported, err := syncFolder(t.TempDir(), fake)
			if unsupported != c.unsupported || (err != nil) != c.fails || (c.fails && !errors.Is(err, c.err)) {
				t.Errorf("got %v, %v; want unsupported %v, failure %v", unsupported, err, c.unsupported, c.fails)
			}
		})
	}
	if err := SyncFolder(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(t.TempDir() + "/none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestWriteSyncsTheName: what is told to be written is there after a crash of the machine, under its name; a disk that refuses that is an error.
func TestWriteSyncsTheName(t *testing.T) {
	sync := syncNames
	defer func() { syncNames = sync }()
	path, synced := filepath.Join(t.TempDir(), "file"), ""
	syncNames = func(folder string) error {
		if data, err := os.ReadFile(path); err != nil || string(data) != "whole" {
			t.Errorf("before the name is there: %q, %v", data, err)
		}
		synced = folder
		return unix.EIO
	}
	if err := Write(path, []byte("whole"), 0o600); !errors.Is(err, unix.EIO) || synced != filepath.Dir(path) {
		t.Errorf("%v, and %q was synced", err, synced)
	}
}
