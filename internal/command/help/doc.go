// Package help has what the program says of its commands: examples, Chinese descriptions, man pages, its version.
//
// The catalogs are by the English text, or by the command's path. Tests of cmd/tradefront compare them with the tree of commands: each
// command has an example that can be typed, and each description that an operator or a clerk reads has its Chinese.
//
// # Invariants
//
//   - A text that the catalogs lack remains English.
//   - Examples and Translate change descriptions alone, never a name or a flag.
//
// # What it does not know
//
// What a command does. The keys that a reload takes over are internal/daemon's, for the help of serve.
package help
