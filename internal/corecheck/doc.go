// Package corecheck plays a front against a trading core and says which rules of docs/core.md the core keeps.
//
//	rules (table) ──▶ probe ──▶ front ──▶ connection ──▶ the core
//
// A rule is a name, the section of docs/core.md that it is from, what is expected, and a function that finds out.
// Run goes through the table in order. Each rule makes links and sessions of its own, so that a rule that
// failed says nothing about the next.
//
// # Invariants
//
//   - A core that is silent, slow or gone makes a rule fail; it never holds the run up: each answer is waited for
//     Options.Timeout at most, each rule maxRule at most, and what is to stay away is waited for Options.Quiet.
//   - The business requests are orders without a field, which no core can carry out, or have a TID that no core knows.
//     No password is changed, but for Options.RestrictedNew: the updates that are sent name the old password as the new one, or a wrong old one.
//   - A password is in no result.
//   - A front spends no more credit than the core gave it.
//
// # Bounds
//
// maxFrames unread frames a link, then the reader waits; maxBacklog frames that no rule asked for, then the oldest is
// forgotten; maxFindings illegal frames that are kept; maxSpent business frames to use credit up.
//
// The package writes nothing to disk. If the process ends, the core sees its links end, and closes their sessions.
package corecheck
