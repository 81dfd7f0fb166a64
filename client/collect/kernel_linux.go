package collect

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// kernel asks the running one.
type kernel struct{}

func (kernel) now() time.Time { return time.Now() }

func (kernel) hostname() (string, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", err
	}
	return unix.ByteSliceToString(name.Nodename[:]), nil
}

func (kernel) kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
}

func (kernel) processor() (id, source string) { return processor() }
func (kernel) mainRegister() string           { return mainRegister() }
func (kernel) hypervisor() string             { return hypervisor() }
func (kernel) root() bool                     { return os.Geteuid() == 0 }

func (kernel) links() ([]link, error) { return netlinkLinks() }

func (kernel) identify(device string) (string, error) {
	fd, err := unix.Open(device, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	return ataSerial(fd)
}

var errNoSerial = errors.New("the disk tells no serial")
