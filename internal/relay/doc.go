// Package relay is what the firm allows a relay (中继代理, 2.4): from which networks it may come, which operators log in
// through it, for whose customers it may report, which terminal software it may carry, how fast. It decides and counts; it
// reads no socket and no database.
//
// A relay is an AppID of type 2 (many-to-many) or 3 (operator) in the registry (package auth), and a Permission here. An
// AppID of these types without a Permission is refused.
//
// # Invariants
//
//   - Deny by default: a Permission without networks admits no address, without operators no operator, without a
//     Grant no account. "All accounts" must be granted by that word.
//   - A Table is read without waiting. A change is in force for the next question after Refresh; no question sees half
//     of a change.
//   - A source that cannot be read leaves the last known Table in force.
//
// # Bounds
//
// A Table holds what its source has: one Permission a relay, one Grant a line of scope (100,000 single accounts are
// some 8 MB). Rate buckets are one a relay.
//
// # If we crash
//
// Nothing is written here. Rates and budgets begin full.
package relay
