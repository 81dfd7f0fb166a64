// Package recovery brings the records of damaged local stores back beside a running front: which stores
// there are, in which order, what a loss means for the reports of the days, and which name a store has
// then. How a damaged file is read is store/repair's. What is lost for good, here, with a retired front or
// with a discarded row, is given up by a waiver in the ledger (GiveUp).
//
// # Invariants
//
//   - The store in use is never opened otherwise than by SQLite.
//   - A store whose loss was not accepted stays where it is, and the reports of its days are refused.
//   - A waiver is written before a store with a loss gets its other name.
//
// # What a crash leaves
//
// Rows that were brought back stay and are counted as there already by the next run. A store keeps its
// name until all of it was read.
package recovery
