//go:build !linux

package pgtest

// memory is a file system in memory; none is known here.
const memory = ""

// inMemory is the folder for the shared cluster: "" for that of temporary files.
func inMemory() string { return "" }
