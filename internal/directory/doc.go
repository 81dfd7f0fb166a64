// Package directory keeps AppIDs, accounts, and what relays may do: in PostgreSQL where there is one, else in
// the local store. Commands change them beside running fronts.
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
//   - A relay's AppID, its permission and its first scope are made in one transaction. What is taken from a scope stays as a
//     row that says so: no role but the owner can delete.
//   - A change that a trigger or a rule dropped is an error.
//
// # Bounds
//
// All AppIDs and accounts are in memory twice while one of them changes, and the scope of a relay while that scope
// changes. Relays have a generation of their own, and each scope a version: a mirror reads 100,000 grants only when one of them
// changed, and writes the one.
//
// # If we crash
//
// The mirror is the one before, and the next Refresh writes the new one.
package directory
