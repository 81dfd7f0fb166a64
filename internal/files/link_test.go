package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/files"
)

// TestMakePrivateFollowsNoLink: the mode of a file behind a link stays what it is.
func TestMakePrivateFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, 0o644), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	mode := func() os.FileMode {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if err := files.MakePrivate(link); !errors.Is(err, syscall.ELOOP) || mode() != 0o644 {
		t.Errorf("through a link: %v, mode %v", err, mode())
	}
	if err := files.MakePrivate(file); err != nil || mode() != 0o600 {
		t.Errorf("%v, mode %v", err, mode())
	}
	if err := files.MakePrivate(file); err != nil || mode() != 0o600 {
		t.Errorf("once more: %v, mode %v", err, mode())
	}
	if err := files.MakePrivate(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
