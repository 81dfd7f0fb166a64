package pgtest

import "syscall"

// dieWithParent has the kernel end PostgreSQL, as Immediate does, when we die.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
