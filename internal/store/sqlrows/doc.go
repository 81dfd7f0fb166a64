// Package sqlrows is what both databases share: the columns of table record and what their values
// mean, the statements of the ledger, of waivers and of notes that a report was handed in, and
// what is to be done with records that change their trading day.
//
// Statements here are written for PostgreSQL and SQLite alike ($1 is understood by both), and a
// database explains its own errors (Tables.Explain).
//
// # Invariants
//
//   - The columns have one order everywhere (Columns). Codes of the specification are one ASCII digit
//     on the wire and small integers here; instants are seconds or microseconds since 1970, UTC.
//   - A statement that must change a row and did not is an error (WantOne): a trigger or a rule can
//     keep a change from happening without one.
package sqlrows
