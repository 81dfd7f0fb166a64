//go:build !linux

package child

import "syscall"

// dieWithParent can do nothing here: when the tests are killed, the program stays.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
