package pgtest

import "syscall"

// dieWithParent has the kernel end PostgreSQL, as Immediate does, when this process ends.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
