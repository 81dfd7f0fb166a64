// Package files is the one way in which commands and the daemon open what people name and
// write what they make.
//
//   - Open and Read take regular files alone, and say so of a pipe, a device, a socket or a
//     folder at once: opening a pipe would wait for its writer for ever.
//   - Text and Line read what people and editors save: a byte-order mark and a line end come
//     off, whatever else does not show or is no part of the value is refused by its name.
//     What could be meant is never repaired: in a password every character counts.
//   - Create replaces a file whole or not at all. The temporary file lies beside its target,
//     under the name .TARGET and a number, never in the system's folder for temporary files:
//     a secret stays in the folder that was made for it, and a rename stays within one disk.
//     A run that was killed leaves that file; the next Create for the same target removes it.
//
// # Invariants
//
//   - No error holds a part of a file's content.
//   - A file under its name is complete: as before or after, whatever crashes.
//
// It is a leaf: it knows no configuration, no keys and no reports.
package files
