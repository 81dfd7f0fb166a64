// Package doctor finds what is wrong with a front and with what it needs: its configuration and files, keys,
// calendar, local store, PostgreSQL, the machine, and what the running front itself reports.
// `doctor` and `config check --deep` print it.
//
// Each check is a value in a table (checks): a name, what its trouble means, the advice in both languages, and a
// function that answers with findings. All checks run side by side.
//
//	check ──▶ findings, each pass, warn, fail or skip
//	  needs ──not met──▶ skip, and why
//	  bound ──reached──▶ skip, and how long it was waited for
//
// # Invariants
//
//   - It changes nothing. A local store that does not exist is not made, and one of an older version is not opened,
//     since that would migrate it.
//   - It may run beside a front: that one's local store is left to its /readyz, and the addresses are compared with
//     what the front listens on.
//   - A check that could not be made is skip and says why. It is never pass.
//   - Each warn and fail has a next step.
//   - No sentence contains a password or a key.
//
// # Bounds
//
// A check has Patience, and the whole run a little more: one that hangs in the system, as on a disk that does not
// answer, is left behind. One pool of connections to PostgreSQL serves all checks. The local store is read once, whole.
//
// A crash leaves nothing behind.
package doctor
