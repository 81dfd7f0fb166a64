package collect

import (
	"fmt"

	"golang.org/x/sys/cpu"
)

// midrEL1 reads the main identification register. Linux since 4.11 answers for the processor, and says so by a capability.
func midrEL1() uint64

// mainRegister is that register where the kernel lets a process read it: for containers without sysfs.
func mainRegister() string {
	if !cpu.ARM64.HasCPUID {
		return ""
	}
	return fmt.Sprintf("%016X", midrEL1())
}
