// Package client is a terminal's side of the protocol in docs/protocol.md: it connects
// to a front, authenticates its software, logs a customer in, keeps the session alive
// and logs out. The load test, the demo and the tests of the front use it, and so may
// anyone who integrates a terminal.
//
//	Dial ──▶ connected ── Authenticate ──▶ authenticated ── Login ──▶ logged in ── Logout ──▶ closed
//
// The front is the judge of that order (error 64, 5, 6): the client sends what it is
// asked to send. What it collects about the machine it runs on, and encrypts under the
// monitoring centre's key, is not this package's work: Login takes the ciphertext.
//
// # Errors
//
//   - *Error: the front said no. Temporary says whether to try again, and Ref is what
//     to quote to the firm's support desk.
//   - *ClosedError: the front closed the connection. If that was during a Login, the login
//     may have been recorded: log in again, each accepted login is one record.
//   - *ViolationError: the front sent what the protocol does not allow.
//   - *ForceExit: the front ended the session.
//   - ErrSilent: nothing was heard for three heartbeat periods.
//   - the context's cause, wrapped, if the context ended.
//
// Any other error is about an argument; then nothing was sent, and the connection can
// go on.
//
// # Invariants
//
//   - One goroutine reads, from Dial until Done; calls wait for it. One call at a time is
//     on its way, others wait for their turn.
//   - Answers carry no number by which to tell them apart, so a call that gave up cannot
//     leave its answer to the next one: a context that ends during a call closes the
//     connection.
//   - Once Done is closed, Err is not nil, the socket is closed and no heartbeat is sent.
//   - The authcode is used in one function and kept nowhere.
//
// # Bounds
//
// One frame of at most 4,227 bytes is buffered each way; one answer waits at most.
// Connecting takes DialTimeout at most, and less if the context says so; every other call
// is bounded by its context. After Login a silent front is given up after three
// heartbeat periods.
package client
