// Package collector builds the terminal's collection library for C, C++ and languages that call C: a shared library of one vendor and one
// key, its header and its pkg-config file. `make collector` runs it by way of collector/build.
//
//	golib (Go: client/collect) ── go build -buildmode=c-archive ──▶ archive ─┐
//	shim (C: threads, fork, signals, the exported functions) ── cc ──────────┴─ cc -shared ──▶ libtradefront_collect_TF01.so
//
// docs/collector.md says what the library promises a host, and what was measured.
//
// # Invariants
//
//   - The library exports VENDOR_getsysteminfo and the tfc_ functions of the header, nothing else, and calls none of its own functions
//     by way of the dynamic linker: libraries of several vendors fit one process.
//   - It starts Go's runtime at the first call and not when it is loaded: Build takes the archive's constructor out, and fails if it finds none.
//   - It is never unloaded, since Go's threads cannot end.
//   - The key is checked before anything is built: a private key, one of another size, or a file that is not PEM builds no library.
//   - The same tree, options and tools make the same bytes, wherever it is built.
//
// # Bounds
//
// A vendor ID has 1 to MaxVendorLen characters, since it becomes part of a C name: letters, digits, underscores, no digit first.
//
// # If it is stopped
//
// Build works in a temporary folder and renames each file to its place at the end: what a stopped build leaves is the files of the
// build before, or some of either.
package collector
