package collect

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// midrEL1 reads the main identification register. Linux since 4.11 answers for the processor, and says so by a capability.
func midrEL1() uint64

// mainRegister is that register where the kernel lets a process read it: for containers without sysfs.
func mainRegister() string {
	if !answersForProcessor() {
		return ""
	}
	return fmt.Sprintf("%016X", midrEL1())
}

const (
	atHWCAP    = 16      // the vector's entry of capabilities
	hwcapCPUID = 1 << 11 // its bit
)

// answersForProcessor asks the vector that the kernel gave the process. Package x/sys/cpu would read it from a file when it is initialised, by
// way of Go's network poller, which stays open then (readRegular says what that would do to the C library's host).
func answersForProcessor() bool {
	vector, err := unix.Auxv()
	if err != nil {
		return false
	}
	for _, pair := range vector {
		if pair[0] == atHWCAP {
			return pair[1]&hwcapCPUID != 0
		}
	}
	return false
}
