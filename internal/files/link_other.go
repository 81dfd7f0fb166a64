//go:build !linux

package files

import (
	"io/fs"
	"os"
	"syscall"
)

// readLink is where a link leads and who owns it. EINVAL means that it is no link.
func readLink(path string) (to string, owner uint32, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", 0, err
	}
	s, known := info.Sys().(*syscall.Stat_t)
	if info.Mode()&fs.ModeSymlink == 0 || !known {
		return "", 0, syscall.EINVAL
	}
	to, err = os.Readlink(path)
	return to, s.Uid, err
}

func makePrivate(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &fs.PathError{Op: "chmod", Path: path, Err: syscall.ELOOP}
	}
	return os.Chmod(path, privateMode)
}
