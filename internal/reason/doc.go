// Package reason names why a request was decided as it was (Reason) and why a connection
// ended (Close). Both sets are closed: the audit log, the metrics, the answers on the wire and
// the handbook's pages of errors are all made from them.
//
// It is a leaf: it imports nothing of ours, so that a package that decides,
// counts or reads such a word needs no other package for it.
//
// # Invariants
//
//   - Each Reason and each Close has one word, in snake_case, unique in its set. Words are
//     stable: operators filter audit logs and metrics by them.
//   - Each Reason has one code of docs/protocol.md, "Errors", and each code has one text,
//     which fits the 100 bytes of ErrorText together with a reference.
//
// # Bounds
//
// Both sets are fixed when the program is built, so that a metric that has one of them as a
// label has a bounded number of series.
//
// # If we crash
//
// Nothing is kept here.
package reason
