//go:build !amd64 && !loong64

package collect

// processor: no instruction that any process may execute tells it; the kernel does in files.
func processor() (id, source string) { return "", "" }

func hypervisor() string { return "" }
