// Package verify reads a report as the monitoring centre will, before it does: is the file
// what the regulation asks for, and what does it say about the day?
//
// It has its own strict reader. Nothing here is shared with the code that writes reports,
// so that one mistake cannot hide in both; the words, lengths and grammars of the
// regulation come from internal/regulation, the order of a terminal's items from
// internal/terminalinfo.
//
//	file ── chunker ──▶ workers, one a processor ── Add ──▶ extsort
//	         lines        │ judge: form of the line              │ sort
//	                      │ open: test keys, if given            ▼
//	                      └─ tally: findings, shares ──▶ Report ◀── repeats, addresses
//	                                                      │
//	                                          WriteText, JSON, WriteHTML
//
// # What is a fault
//
// kind.go has the closed list: each Kind is the word in the JSON, its sentence in English
// and Chinese, what to do, and whether it is a fault (the file should not be handed in: the
// command ends with status 1) or a warning (the clerk should know). Every finding is counted;
// the examplesKept with the lowest line numbers of each kind are named.
//
// # Invariants
//
//   - A line without a fault is, byte for byte, what encoding its four items again gives.
//   - Every line is judged, also after faulty ones.
//   - A verdict holds for the bytes that were read. If the file changed meanwhile, by size,
//     time or identity, that is a fault in itself.
//   - Without keys nothing is said of what is inside the ciphertexts; Report.NotChecked says
//     what could not be looked at, and why.
//   - No finding contains a customer's data: items are named by their name, lines by their
//     number. The AppIDs and the addresses with the most logins are shown, since the report
//     is there to find them.
//
// # Keys
//
// The private keys are test keys of a firm's own trial pair: the monitoring centre's never
// leave it. A key that opens none of the lines of its version, or whose version no line has,
// is not a fault of the file but a mistake of the caller: a *KeyError, and no report.
//
// # Bounds
//
// Memory does not grow with the file: chunks of chunkBytes, examplesKept lines a kind,
// namesKept names a share, and sortMemory for finding repeats (29 bytes a ciphertext and 29
// an opened address; what does not fit goes to unnamed temporary files). A line of more than
// maxLine bytes is a fault and is skipped.
//
// # The JSON
//
// Report is the schema, its tags are the names: Schema changes if one is renamed, removed
// or gets another meaning; new ones may come. Lists are never null, opened is null if no
// line was opened. Shares are of 1, rounded to four decimals. testdata/schema.txt lists every
// name with its type, and a test holds it to the code.
//
// # If we crash
//
// Nothing is left behind: temporary files have no name, and the HTML page appears whole or
// not at all.
package verify
