package robustness

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// inner marks the process that runs in mounts of its own.
const inner = "TRADEFRONT_ROBUSTNESS_MOUNTS"

const capSysAdmin = 21

// inOwnMounts runs the tests again in a mount namespace, so that the small disks are gone
// when the tests are, however they end. A user other than root needs a user namespace for
// it. Where the system allows neither, the tests run without small disks.
func inOwnMounts() (status int, ended bool) {
	if os.Getenv(inner) != "" {
		// Unset: the program under test takes no variable that it does not know.
		os.Unsetenv(inner)
		return 0, false
	}
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Geteuid(); uid != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		attr.AmbientCaps = []uintptr{capSysAdmin}
	}
	probe := exec.Command("/bin/true")
	probe.SysProcAttr = attr
	if err := probe.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "no small disks, so no fault fills one: %v\n", err)
		noDisks = err
		return 0, false
	}
	self, err := os.Executable()
	if err != nil {
		noDisks = err
		return 0, false
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.SysProcAttr = attr
	cmd.Env = append(os.Environ(), inner+"=1")
	return again(cmd), true
}

// mountDisk puts a disk of that size on dir, for this process and its children.
func mountDisk(dir string, bytes int64) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=777", bytes))
}

// unmountDisk takes it away, also from a process that still uses it.
func unmountDisk(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
