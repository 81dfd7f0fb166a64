// Package fronts has the commands for the front on this machine and for all running fronts of the firm: serve, config, doctor,
// support-bundle, front, session and admission.
//
// Each prints what another room found or did: internal/daemon serves, internal/doctor checks, internal/supportbundle gathers. A
// running front is asked at its admin listener (adminListeners in session_fronts.go): at the addresses that --front names, or at those
// that the fronts report to PostgreSQL.
//
// # Invariants
//
//   - A front that does not answer is one line of the error; the answers of the others are printed all the same.
//   - `front reload` waits for the outcome and has it in its exit status. With a replaced program it is a live upgrade.
//   - A ban that would keep out the firm itself needs --force.
//
// # What it does not know
//
// How a front works, and how its configuration is read.
package fronts
