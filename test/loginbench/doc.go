// Package loginbench measures what a login costs the front, beside servers that do less. `make bench-e2e` runs it;
// docs/performance.md has the figures.
//
// The servers are:
//
//	floor        an event loop (gnet) that answers the whole dialogue, and does nothing else
//	floor, RSA   the same, and one RSA-2048 encryption by a kept modulus
//	simple       a goroutine a connection, crypto/rsa, one INSERT a login: what a firm would write
//	embedded     the tradefront that ships, with the embedded store
//	PostgreSQL   the same, with PostgreSQL
//
// BenchmarkPeers has a FIX logon and a TLS handshake beside them, as an order of magnitude. The FIX acceptor is a module of its own in
// folder fix, so that the product does not carry what it imports.
//
// # Invariants
//
//   - Each server is a process of its own, the terminals are another: what the kernel counts for a server is its own.
//   - All servers get the same bytes of the same terminals, and answer with as many (TestAnswersAreAsLong). Sockets have the
//     same options, and each process as many processors.
//   - Servers take turns within a round; a ratio is taken within a round, and the table has the median of the rounds. A machine
//     that becomes slower slows all of them.
//   - System calls are counted by the kernel's tracepoints, in a run that is not timed. No debugger stops the program.
//     What the scheduler does to wait and wake is counted, and shown apart: it depends on what else the machine does.
//   - A server's processor time includes what it does after the last answer: PostgreSQL has every record by then.
//   - No time is asserted. BenchmarkSystemCalls holds the number of system calls a visit within a bound.
//
// # Bounds
//
// A round has TRADEFRONT_TEST_VISITS visits of each server, by 64 terminals in a closed loop. A visit that takes
// visitPatience fails the run. Servers end when the run does, however it ends: their standard input is closed.
package loginbench
