//go:build !linux

package testmain

// memory is a file system in memory; none is known here.
const memory = ""

// Memory is a folder in memory with room for a test's files: "", because none is known.
func Memory() string { return "" }
