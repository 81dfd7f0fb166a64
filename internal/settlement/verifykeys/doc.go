// Package verifykeys finds the keys by which verify judges a report: the configured public ones, with their times, and
// private test keys. It is apart from verify, which knows no configuration, and from assemble, which a front uses:
// no private key is ever in a front's reach.
//
// # Invariants
//
//   - A private key that does not belong to the public key of its version is refused before a line is read.
//   - An error names files and versions, never a key's content.
//
// # Bounds
//
// A PEM file has at most assemble.MaxPEM bytes. Nothing is written, so a crash leaves nothing.
package verifykeys
