// Package population is the file by which `tradefront loadtest prepare` tells the load tester who may log in: AppIDs with
// their authcodes, accounts by a pattern and a number, one password for all, and relays.
//
//	loadtest prepare ─▶ New ─▶ the store, in one transaction ─▶ Write
//	                                                             │
//	load tester ◀── Account(i), App(i), Relay(i) ◀── Read ◀──────┤
//	loadtest remove ◀── which rows are its own ◀── Read ◀────────┘
//
// The accounts are not listed: account i is the prefix and the number First+i with Digits digits, so a population of a
// million is a file of a few lines. It is JSON, with its version in the key "format".
//
// # Invariants
//
//   - The file holds a password and authcodes in clear: Write gives it mode 0600, and Read refuses one that other users may read.
//   - Read takes exactly what Write writes: no other version, no key that it does not know, no number out of bounds.
//   - An error holds no password and no authcode.
//   - Made, to the microsecond, and the account's name together are the mark of a row: `loadtest remove` touches no other row.
//
// # Bounds
//
// MaxAccounts, MaxApps and MaxRelays; a file is at most MaxLen bytes.
//
// # If we crash
//
// Write replaces the file whole or not at all. Rows without a file can be found by their prefix.
package population
