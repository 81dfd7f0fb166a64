// Package generators lets several processes be one load test: one process has only so many descriptors, and one source address only so
// many ports.
//
//	coordinator                                generator, a process of this machine or of another
//	    │ plan, which of how many, people ─────────▶ │ reads its people and key files, makes its ciphertexts
//	    │ ◀──────────────────────── progress ─────── │
//	    │ ◀──────────────────────── here ─────────── │ all are there, or have ended:
//	    │ go, in so many milliseconds ─────────────▶ │ all go on at one instant (again once sessions are held)
//	    │ ◀──────────────────────── status ───────── │ once a second
//	    │ ◀──────────────────────── result ───────── │ or an error
//	    │ stop ────────────────────────────────────▶ │ where the run is ended early: the result follows
//
// Each line is one JSON object. A process that the coordinator starts has them on its standard input and output; one of another machine
// connects by TCP (Dial, Accept).
//
// # Invariants
//
//   - A generator makes its share of the plan, and nothing twice: visit i of the whole belongs to generator i modulo their number.
//   - No password, no authcode and no key passes the connection. A generator whose people file is another one is refused.
//   - Who connects is on loopback, or at a host that the operator of the coordinator named as theirs. A generator believes no
//     coordinator which front may be attacked: its own operator names the hosts.
//   - A generator that ends before all went on ends the run: no visit was made. One that ends without a result later makes the run not
//     good, which ended_early says; those that are left go on.
//
// # Bounds
//
// loadtest.MaxGenerators; a line has MaxLine bytes at most; a generator that sends nothing for Silence is given up. A process has
// endPatience to end after its result, and is then killed.
//
// # If we crash
//
// A generator whose coordinator ends is told by the end of the connection, and ends its run. A coordinator goes on without a generator that
// crashed once visits are made, and ends without a result before.
package generators
