// Package trial has the commands that need no firm: demo, ping, collect, loadtest, core-check and core-sim. Vendors and testers try a front, a
// trading core or a terminal's machine with them.
//
// Each prints what another room did: internal/demo/tour, internal/ping, internal/collectcmd, internal/loadtest, internal/corecheck,
// internal/coresim.
//
// # Invariants
//
//   - What loadtest prepare writes into a store, loadtest remove takes out again.
//   - A load test refuses before its clock starts what would be found out after it: files that cannot be written, assertions about what the
//     scenario does not do.
//   - A file of another kind is never replaced by a result.
//
// # What it does not know
//
// How terminals, cores and arrivals are played.
package trial
