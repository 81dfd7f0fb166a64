// Package relays has the command relay with all below it: which relays may report for whose customers, from where and how fast; the
// relay agent that runs beside a relay; and the report of what relays sent on a day.
//
// Each change is one transaction of internal/directory. The agent is internal/agent's, and internal/daemon runs it; the report is
// internal/settlement/relayreport's.
//
// # Invariants
//
//   - relay add and relay change warn of what makes a relay useless (no network, no operator, no scope) and do it, since the next command may add
//     what lacks.
//   - A scope is printed in the form in which it is given: all, prefix:P, single:ACCOUNT.
//   - Commands about the agent have its configuration (relay.yaml), all others the front's.
//
// # What it does not know
//
// How a relay's logins are judged.
package relays
