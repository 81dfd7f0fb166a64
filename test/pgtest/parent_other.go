//go:build !linux

package pgtest

import "syscall"

// dieWithParent can do nothing here: when the test binary is killed, PostgreSQL stays.
func dieWithParent(*syscall.SysProcAttr) {}
