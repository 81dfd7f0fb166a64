package collect

import (
	"encoding/binary"
	"fmt"
)

// cpuid executes the instruction of its name, which any process may.
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// processor is the signature of the processor as wmic and dmidecode have it: EDX and EAX of leaf 1. It names a model and a stepping; no processor
// since the Pentium III has a serial number.
func processor() (id, source string) {
	eax, _, _, edx := cpuid(1, 0)
	return fmt.Sprintf("%08X%08X", edx, eax), "CPUID, model"
}

const (
	hypervisorBit  = 1 << 31 // of ECX of leaf 1
	hypervisorLeaf = 0x4000_0000
)

// hypervisor is the vendor that the processor names, "" on hardware.
func hypervisor() string {
	if _, _, ecx, _ := cpuid(1, 0); ecx&hypervisorBit == 0 {
		return ""
	}
	_, ebx, ecx, edx := cpuid(hypervisorLeaf, 0)
	name := make([]byte, 0, 12)
	for _, part := range []uint32{ebx, ecx, edx} {
		name = binary.LittleEndian.AppendUint32(name, part)
	}
	return string(name)
}
