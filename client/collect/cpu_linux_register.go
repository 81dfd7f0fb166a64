//go:build linux && !arm64

package collect

// mainRegister is of arm64 alone.
func mainRegister() string { return "" }
