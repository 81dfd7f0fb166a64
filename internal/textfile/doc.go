// Package textfile takes off what editors put around a text that people saved, and names what does not belong in it.
//
//   - A byte-order mark and a line end come off.
//   - UTF-16, a character that does not show, quotation marks around a secret and further lines are refused by name.
//   - Nothing is repaired by guessing: in a password every character counts.
//
// # Invariants
//
// No error holds a part of the text but the one character that it names.
//
// It is a leaf that opens no file, so that the collector's programs, which run on Windows too, share it with package files.
package textfile
