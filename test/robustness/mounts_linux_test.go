package robustness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// inner marks the process that runs in mounts of its own; asInit that it is the first process of its namespace.
const (
	inner  = "TRADEFRONT_ROBUSTNESS_MOUNTS"
	asInit = "init"
)

const capSysAdmin = 21

// ownMemory is where folders for temporary files are in a process namespace.
const ownMemory = "/dev/shm"

// inOwnMounts runs the tests again in a mount namespace, so that the small disks are gone
// when the tests are, however they end. A user other than root needs a user namespace for
// it. Where the system allows neither, the tests run without small disks.
func inOwnMounts() (status int, ended bool) {
	if mark := os.Getenv(inner); mark != "" {
		// Unset: the program under test takes no variable that it does not know.
		os.Unsetenv(inner)
		if mark == asInit {
			return runInit(), true
		}
		return 0, false
	}
	attr, mark := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, "1"
	if *highly {
		attr.Cloneflags |= syscall.CLONE_NEWNET | syscall.CLONE_NEWPID
		mark = asInit
	}
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
	cmd.Env = append(os.Environ(), inner+"="+mark)
	return again(cmd), true
}

// runInit is the first process of a process namespace: it runs the tests and waits for every process that has lost its
// parent. Without it a PostgreSQL whose Patroni was killed would be a zombie for ever, which Patroni takes for one that runs. When it
// ends, the kernel kills all that are left.
func runInit() (status int) {
	// The memory is its own: by their process numbers, folders of tests outside would be taken for leftovers.
	if err := errors.Join(privateMounts(), syscall.Mount("proc", "/proc", "proc", 0, ""), mountDisk(ownMemory, 12<<30)); err != nil {
		fmt.Fprintln(os.Stderr, "mounting /proc and the memory:", err)
		return 1
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inner+"=1", "TMPDIR="+ownMemory)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		var ended syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ended, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			fmt.Fprintln(os.Stderr, "waiting for the tests:", err)
			return 1
		case pid == cmd.Process.Pid && ended.Exited():
			return ended.ExitStatus()
		case pid == cmd.Process.Pid:
			return 1
		}
	}
}

// privateMounts keeps what this process mounts from the rest of the system.
func privateMounts() error { return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") }

// mountDisk puts a disk of that size on dir, for this process and its children.
func mountDisk(dir string, bytes int64) error {
	if err := privateMounts(); err != nil {
		return err
	}
	return syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=777", bytes))
}

// unmountDisk takes it away, also from a process that still uses it.
func unmountDisk(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
