package collect

import "fmt"

// cpucfg executes the instruction of its name, which any process may.
func cpucfg(word uint32) uint32

// processor is the identification PRID of the processor: it names a model.
func processor() (id, source string) { return fmt.Sprintf("%08X", cpucfg(0)), "CPUCFG, model" }

func hypervisor() string { return "" }
