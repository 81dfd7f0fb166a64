package repair

import (
	"os"

	"golang.org/x/sys/unix"
)

func dropCached(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // a look at cached pages is a look too
}
