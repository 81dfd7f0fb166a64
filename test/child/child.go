package child

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Start is cmd.Start; the kernel kills the program when this process ends.
func Start(cmd *exec.Cmd) error { return StartEnding(cmd, syscall.SIGKILL) }

// StartEnding is Start with the signal that the kernel sends.
func StartEnding(cmd *exec.Cmd, sig syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	dieWithParent(cmd.SysProcAttr, sig)
	begin.Do(func() { go starter() })
	started := make(chan error)
	orders <- order{cmd, started}
	return <-started
}

type order struct {
	cmd     *exec.Cmd
	started chan<- error
}

var (
	begin  sync.Once
	orders = make(chan order)
)

// starter starts all programs. The kernel ends a program with the thread that started it, and Go ends threads: this goroutine keeps
// its thread, and never returns. testmain knows that it is left.
func starter() {
	runtime.LockOSThread()
	for o := range orders {
		o.started <- o.cmd.Start()
	}
}
