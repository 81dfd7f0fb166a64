//go:build race

package testmain

// Raced reports whether the race detector watches this binary.
const Raced = true
