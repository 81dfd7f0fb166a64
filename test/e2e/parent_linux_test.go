package e2e

import "syscall"

// dieWithParent has the kernel end a helper when this process ends.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
