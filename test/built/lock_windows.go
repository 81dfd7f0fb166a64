package built

import (
	"os"

	"golang.org/x/sys/windows"
)

// flock waits until no other process holds the lock of f. The kernel ends it with f, also when the process is killed.
func flock(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, new(windows.Overlapped))
}
