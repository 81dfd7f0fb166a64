package reportfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback lets the disk begin with that part of the file, and waits for nothing. It
// is a hint: what is durable, fsync alone decides.
func startWriteback(f *os.File, offset, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, n, unix.SYNC_FILE_RANGE_WRITE)
}
