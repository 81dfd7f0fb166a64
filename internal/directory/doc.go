// Package directory keeps AppIDs and accounts: in PostgreSQL where there is one, else in the local
// store. Commands change them beside running fronts.
//
// A front reads AppIDs and accounts from its Mirror in the local store, always; Refresh alone asks
// PostgreSQL. So a front that starts while PostgreSQL is away starts like any other. The mirror has
// tables of its own; those of the embedded driver are not touched.
//
// # Invariants
//
//   - Every change raises the directory's generation in its own transaction, so that fronts notice it.
//   - A mirror is the state of PostgreSQL at one moment, or the one before: it is written in one
//     transaction.
//   - A change that a trigger or a rule dropped is an error.
//
// # Bounds
//
// All AppIDs and accounts are in memory twice while one of them changes.
//
// # If we crash
//
// The mirror is the one before, and the next Refresh writes the new one.
package directory
