// Package directory keeps AppIDs, accounts, and what relays may do: in PostgreSQL where there is one, else in
// the local store. Commands change them beside running fronts.
//
// A front reads AppIDs and accounts from its Mirror in the local store, always; Refresh alone asks
// PostgreSQL. So a front that starts while PostgreSQL is away starts like any other. The mirror has
// tables of its own; those of the embedded driver are not touched.
//
// # A change, from the command to memory
//
//	command ─▶ generation + 1, under the row lock of table directory, which it holds until it commits
//	           rows with that number as their version, names of removed rows, a row of directory_change with a token
//	Mirror.Refresh ─▶ the number moved: rows of a higher version ─▶ one transaction of the local store
//	                  the token is another, or a number has no row: all is compared
//	registry, core ─▶ AppsSince, AccountsSince: what the mirror changed since their generation, else all rows
//
// So a change of one row among a million costs a few rows. A number is visible only after all lower ones, as its transaction
// could not take it before those had ended; a front cannot pass over a change that commits late. A person who changes rows
// by hand raises the generation alone: that number has no row in directory_change, and fronts compare all. They do so once,
// some minutes after their start, too.
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
// A change is in memory while it is taken over, and the last maxRecentRows rows of changes after that. A comparison of all keeps a
// hash of each account, and the scope of a relay is in memory twice while that scope changes. Relays have a generation of
// their own, and each scope a version: a mirror reads 100,000 grants only when one of them
// changed, and writes the one.
//
// # If we crash
//
// The mirror is the one before, and the next Refresh writes the new one.
package directory
