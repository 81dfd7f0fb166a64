// Command golib is Go's half of the terminal's collection library for C: it is built as an archive, never run. The C half, in
// collector/shim, starts Go's runtime in the host's process and calls the two functions that this package exports.
//
// # Invariants
//
//   - What the host gets is memory of malloc's, which the C half frees; Go keeps nothing of a call.
//   - A panic is a code, not the host's end.
//   - Go's garbage is collected by the call that has collectEvery calls before it, on the host's time, so that no goroutine
//     runs between calls.
//   - The key, its version and the kind of the library are set by the linker (package collector), after the builder has
//     checked them; a library whose key cannot be used all the same returns TFC_KEY.
//
// No state but the number of calls, no files, no goroutines of its own: a crash leaves nothing.
package main

// main is what the linker asks of an archive. No program has it.
func main() {}
