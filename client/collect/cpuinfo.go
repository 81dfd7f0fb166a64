package collect

import (
	"fmt"
	"strconv"
	"strings"
)

// midr is the main identification register of an arm64 processor from the text of /proc/cpuinfo, as the kernel writes it into sysfs
// where that is there. "" if the text has it not. It takes any text.
func midr(cpuinfo string) string {
	field := func(key string, bits int) (uint64, bool) {
		for line := range strings.Lines(cpuinfo) {
			name, value, ok := strings.Cut(line, ":")
			if ok && strings.TrimSpace(name) == key {
				n, err := strconv.ParseUint(strings.TrimSpace(value), 0, bits)
				return n, err == nil
			}
		}
		return 0, false
	}
	implementer, ok1 := field("CPU implementer", 8)
	variant, ok2 := field("CPU variant", 4)
	part, ok3 := field("CPU part", 12)
	revision, ok4 := field("CPU revision", 4)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return ""
	}
	const architecture = 0xF // "by CPUID", of all since ARMv7
	return fmt.Sprintf("%016X", implementer<<24|variant<<20|architecture<<16|part<<4|revision)
}

// hexRegister is a register's value as sysfs has it, 0x00000000481fd010, in the form of the string.
func hexRegister(text string) string {
	return strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(text), "0x"))
}
