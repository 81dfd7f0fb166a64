// Package relays has the command relay with all below it: which relays may report for whose customers, from where and how fast; the
// relay agent that runs beside a relay; and how honest the relays of a day were.
//
// Each change is one transaction of internal/directory. The agent is internal/daemon's, the report internal/settlement/relayreport's.
//
// # Invariants
//
//   - What makes a relay useless (no network, no operator, no scope) is a warning, since the next command may add it.
//   - A scope is said in words that reading back gives: all, prefix:P, single:ACCOUNT.
//   - Commands about the agent have its configuration (relay.yaml), all others the front's.
//
// # What it does not know
//
// How a relay's logins are judged.
package relays
