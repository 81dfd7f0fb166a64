package files

import (
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// readLink is where a link leads and who owns it, both of the same link: its folder's owner may put another one there at any moment.
// EINVAL means that it is no link.
func readLink(path string) (to string, owner uint32, err error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", 0, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	link := os.NewFile(uintptr(fd), path)
	defer link.Close()
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return "", 0, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if s.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", 0, unix.EINVAL
	}
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", b)
	if err != nil {
		return "", 0, &fs.PathError{Op: "readlink", Path: path, Err: err}
	}
	return string(b[:n]), s.Uid, nil
}

// makePrivate changes what it has looked at, by its descriptor: chmod itself follows links, and fchmod takes no descriptor of O_PATH.
func makePrivate(path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &fs.PathError{Op: "chmod", Path: path, Err: unix.ELOOP}
	case info.Mode().Perm() == privateMode:
		return nil
	}
	return os.Chmod("/proc/self/fd/"+strconv.Itoa(fd), privateMode)
}
