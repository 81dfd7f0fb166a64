// Package chinese says in Chinese what the program says in English: errors of commands, faults of a configuration, reasons of
// failing checks, obstacles of a report and next steps.
//
// Rooms make their sentences in English alone, as errors and as reasons of checks; who shows one to a person calls Of. The
// catalogs have the Chinese by the English format string, as it is in the code:
//
//	"cannot read %s: %w": "无法读取 %s：%w"
//
// Of finds the format that a sentence was made by, takes the values out of it, translates those in their turn (an error within
// an error), and puts them into the Chinese one. A sentence that no format fits is cut at ": " and "; ", and its parts are
// looked up.
//
// # Invariants
//
//   - A part without Chinese stays English: nothing is left out, and no value is changed.
//   - Logs, JSON, manifests and the ledger have the English: they never come through here.
//   - A test reads the source: each catalog entry is said somewhere, and each sentence of the rooms that it lists has an entry.
//   - Two formats never fit the same sentence with the same rank: a test renders each.
//
// # Bounds
//
// A sentence longer than maxLength bytes is returned as it is; of one with very many parts only the first are looked up
// (maxLookups).
//
// # What a crash leaves
//
// Nothing is kept.
package chinese
