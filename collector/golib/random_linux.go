package main

import (
	"crypto/rand"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// The standard source sets a timer at its first use, for which Go's runtime opens a poller; a host that closes the poller's descriptors
// as none of its own would end. This source asks the kernel and nothing else.
func init() { rand.Reader = kernelRandom{} }

type kernelRandom struct{}

func (kernelRandom) Read(p []byte) (int, error) {
	for filled := 0; filled < len(p); {
		n, err := unix.Getrandom(p[filled:], 0)
		switch err {
		case nil:
			filled += n
		case unix.EINTR:
		case unix.ENOSYS:
			return readDevice(p)
		default:
			panic(noRandom{})
		}
	}
	return len(p), nil
}

// readDevice is for kernels before 3.17.
func readDevice(p []byte) (int, error) {
	fd, err := unix.Open("/dev/urandom", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(noRandom{})
	}
	device := os.NewFile(uintptr(fd), "/dev/urandom")
	defer device.Close()
	if _, err := io.ReadFull(device, p); err != nil {
		panic(noRandom{})
	}
	return len(p), nil
}
