// Package explain answers what became of one login: from a reference that a customer reads out on the phone, or from a
// RecordID or SubmitID, it finds the whole visit in the audit logs of fronts and relay agents, says why it was decided
// so and who acts, and which line of which report it became.
//
//	key ──▶ lines that name it ──▶ the other names in them (RecordID, SubmitID, the upstream's reference) ─┐
//	              ▲                                                                                        │
//	              └────────────────────────────────────────────────────────────────────────────────────────┘
//	lines found ──▶ the other lines of their connections ──▶ visits, in the order of time
//
// What a reason means and who acts is the text of the handbook's pages on errors, which are compiled in: this package has
// no text of its own about a reason.
//
// # Invariants
//
//   - It reads; it changes nothing.
//   - A file that cannot be read to its end is named in the result: what is not found may be in the rest of it.
//   - A reference has 30 bits, so two logins of a year may share one: each is a visit of its own, none is chosen.
//
// # Bounds
//
// Each audit log is read at most maxRounds times. maxVisits visits of maxEntries lines each are kept; more are counted.
// Lines of the connection of an operator relay that are about other terminals are not kept.
//
// A crash leaves nothing.
package explain
