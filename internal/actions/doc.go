// Package actions writes down what operators change by commands: who, when, on which machine, what from what to what, and why.
//
//	command ─▶ New ─▶ the change and its row of operator_action in one transaction (directory.As)
//	              or  Undertake: a row (outcome: begun) ─▶ the change ─▶ a row (outcome: done, or why it failed)
//	        ─▶ Log: a line of the audit log of the machine that the command ran on, if that has one
//
// # Invariants
//
//   - A change of AppIDs, accounts, relays or bans is never without its row, nor a row without its change: they are one transaction.
//   - A change by other means (reports with their ledger, waivers, keys in files, a running front, the local store) has a row before it and
//     one after it. Rows are never updated, so that no role needs the right to.
//   - Without the row before nothing is changed, and the command fails. Three go on, with a warning and a line of the audit log: ending a
//     session and the steps of a change of the master key that touch a file, since an emergency must not wait for the database. The first of
//     them is also written by the front itself.
//   - Without the row after the command has done its work, and warns: the row before says who.
//   - What changes nothing here, and is only looked at afterwards (a copy of the local store, a merged report, the schema, the first master
//     key), has one row after it.
//   - What was so already is no change, and has no row: disabling twice.
//   - A row holds no password, no authcode and no key. No role of deploy/sql/roles.sql may change or delete one.
//   - The line of the audit log is a second witness: without it the command has done its work, and warns.
//
// # Who
//
// The operator is the operating system's user. Where that is another than the one who logged in to the machine (sudo, su), both are written:
// Linux keeps the latter (loginuid), and a user cannot change it; elsewhere SUDO_USER names him, which root can set.
//
// # Bounds
//
// A value is cut to MaxValue bytes, a reason refused beyond MaxWhy.
//
// # If we crash
//
// Between the transaction and the audit log: the row is there, the line is not. Between the rows of an undertaking: the first is there
// without a second; whether the change was made is to be looked at.
package actions
