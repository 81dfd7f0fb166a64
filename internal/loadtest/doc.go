// Package loadtest is the load tester: many terminals on one event loop, at a rate that does not wait for answers or in a closed loop,
// and what they were answered.
//
//	Plan ─▶ Prepare (ciphertexts, before the clock starts) ─▶ Run ─▶ result.Result
//	                                                           ├─▶ answers: one line for each login that was answered
//	                                                           └─▶ Watch: once a second, for the progress line
//
// A visit is one connection: it connects, authenticates and logs in by client.Machine, and then leaves or stays, as the scenario says.
//
//	storm      arrive, log in, stay until the end
//	churn      arrive, log in, log out, and again
//	cold       storm with each account once: none was verified before
//	reconnect  all log in and stay; then all connections end at once, and all return at once: the second part is measured
//	steady     all log in and stay; then, at the rate, one of them ends and returns
//	orders     all log in and stay; then, at a rate of their own, they send messages that the trading core sends back
//	relay      operators of relays log in and submit the terminals of customers; or customers log in through many-to-many relays
//	hostile    churn with a share of attackers: wrong authcode, wrong password, not our protocol, silent,
//	           a malformed message, one byte a second
//
// # Invariants
//
//   - Visit i of an open loop is due at its time of the schedule, also when those before it still wait: latency begins there, so that a
//     front that pauses does not stop the clock (no coordinated omission).
//   - Each login has a ciphertext of its own, of a terminal string of its own: fronts note a ciphertext that comes twice.
//   - The loop does not wait: sockets do not block. It makes no ciphertext and prints nothing. A visit that begins has a ciphertext that was
//     prepared. One that comes again after a front has seen its ciphertext takes one of those prepared for that, then one of a sealer, which is a
//     goroutine of its own; if that has none at the moment, the visit comes a little later, and counts as late.
//   - An answer that a visit must not get is an error of the run: a refusal of an honest terminal, and anything but the refusal that
//     docs/protocol.md asks for of an attacker, or that the front has enough of the attacker's address (shutOut). Honest visits come from no
//     network that attackers come from.
//   - Each message to the trading core is answered once, by the same bytes: another answer, a second one and none are errors.
//   - Each submission of a relay is answered once, and counts from when it was due: one that was answered 90 is sent again under its SubmitID.
//   - Nothing but a loopback address is attacked unless the operator says that the host is theirs (Own).
//
// # Bounds
//
// Several processes may share a plan (package generators): Together is where they wait for each other.
//
// One goroutine, and one while ciphertexts are prepared for each processor; from the first visit on that needs another ciphertext one that makes
// these, sealRoom ahead at most. Open connections are bounded by the process's limit of open
// files less spareFiles; Check refuses a plan that needs more. A visit that gets no answer for Patience fails. A connection takes some
// 500 bytes beside its ciphertext; of what a front sends at most one frame is kept, and of what it does not read maxUnsent bytes.
//
// # If we crash
//
// Connections end, and fronts see that. Logins that were answered are records like any other; the answers file has those up to the last second.
package loadtest
