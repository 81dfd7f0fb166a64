//go:build unix

package link

import "golang.org/x/sys/unix"

const writesOnce = true

// writeOnce writes what a non-blocking descriptor takes now; n is 0 if it takes nothing.
func writeOnce(fd uintptr, b []byte) (n int, err error) {
	for {
		n, err = unix.Write(int(fd), b)
		switch err {
		case nil:
			return n, nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, nil
		}
		return 0, err
	}
}
