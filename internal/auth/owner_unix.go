//go:build unix

package auth

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner that info has: a command that root runs must not lock the
// daemon's user out.
func keepOwner(f *os.File, info fs.FileInfo) error {
	was, known := info.Sys().(*syscall.Stat_t)
	if !known || int(was.Uid) == os.Geteuid() {
		return nil
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}
