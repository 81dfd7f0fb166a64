// Package auditlog reads audit logs that fronts and relay agents wrote (package logs), for commands that look something
// up or prove something: rotated or not, gzipped or not, which it sees by their content.
//
// # Invariants
//
//   - A line is given unchanged; Lines gives those that look like entries and counts the others, Parse reads one.
//     A torn line, as a crash leaves it, is told apart from one that is no entry.
//   - A file that is no audit log, or is compressed in a way that this package does not read, is refused by name with
//     what to do about it.
//   - A gzipped file that unpacks to gigabytes from kilobytes ends with an error, and does not keep the command busy.
//
// # Bounds
//
// A Reader has one buffer of 64 KiB, which is also the longest line.
//
// It writes nothing; a crash leaves nothing.
package auditlog
