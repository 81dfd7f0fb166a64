//go:build unix

package built

import (
	"os"

	"golang.org/x/sys/unix"
)

// flock waits until no other process holds the lock of f. The kernel ends it with f, also when the process is killed.
func flock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}
