package e2e

import "syscall"

// dieWithParent has the kernel end a helper when we die.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
