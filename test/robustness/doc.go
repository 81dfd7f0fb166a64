// Package robustness breaks everything around a running front, in an order that a seed
// decides, while terminals log in, and checks after each fault that nothing answered is
// lost, no record exists twice, and no record is untrue.
//
// What is real: the program, started and restarted as systemd would; PostgreSQL, a primary
// with a synchronous standby; kills, full disks, frozen processes, exhausted descriptors;
// the terminals, which use the public client, each from an address of its own. What is
// ours: a TCP proxy before each PostgreSQL that cuts connections at a chosen message, and,
// for the fault "clock stepped" alone, a program built with a clock that can be set.
//
// # A round
//
//	load runs ─▶ at a random moment: fault ─▶ held ─▶ healed
//	          ─▶ logins succeed again, one after the other, within a bound
//	          ─▶ what was answered before the healing is in PostgreSQL, within a bound
//	          ─▶ check of everything since the beginning
//
// At the end the load stops, the front is stopped, each day is exported by the command,
// `report verify` and `reconcile` (with the audit log) must agree, and the lines are held
// against the records.
//
// # What is checked
//
//   - answered ⊆ stored: each login of which the client got success with a RecordID is, under
//     that RecordID, in PostgreSQL, the local store or its quarantine.
//   - stored ⊆ attempted: each record belongs to a login request that was sent, by address
//     and port, and no request has two records.
//   - no RecordID twice in PostgreSQL; one that is on its way and so in both stores is the
//     same row in both.
//   - true: the supplement, opened with the test key, equals what the client was, the time is
//     between request and answer on the clock as it was then set, the trading day follows
//     from that time, the terminal's ciphertext is the one sent.
//   - A refusal under a fault is 8, 90, or a broken connection; no other code.
//   - The program ends with status 0 after SIGTERM, and writes no panic and no data race.
//
// # Bounds and crash
//
// Everything is below one temporary folder and, if the system lets us, in mounts that
// only this process and its children see. PostgreSQL and the front end with the test.
// What a power cut does to a disk is not tested here: kill -9 leaves the page cache.
package robustness
