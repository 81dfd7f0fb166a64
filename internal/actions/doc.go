// Package actions writes down what operators change by commands: who, when, on which machine, what from what to what, and why.
//
//	command ─▶ New ─▶ the change and its row of operator_action in one transaction (directory.As), or Write where the change
//	                  is no row of that database
//	        ─▶ Log: a line of the audit log of the machine that the command ran on, if that has one
//
// # Invariants
//
//   - A change of AppIDs, accounts, relays or bans is never without its row, nor a row without its change: they are one transaction.
//   - What is changed elsewhere (a file, a key, a running front) has its row before it is changed, if the database can be reached: a row
//     may then stand for a change that failed.
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
// Between the transaction and the audit log: the row is there, the line is not.
package actions
