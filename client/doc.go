// Package client is a terminal's side of the protocol in docs/protocol.md: it connects
// to a front, authenticates its software, logs a customer in, keeps the session alive
// and logs out. Anyone who integrates a terminal may use it; the demo, the load tester and the
// tests of the front do.
//
//	Dial ──▶ connected ── Authenticate ──▶ authenticated ── Login ──▶ logged in ── Logout ──▶ closed
//
// Conn is one connection with its own goroutine. Machine is the same dialogue without socket,
// clock and goroutine, for a driver that has its own: an event loop with many terminals, or a
// simulation. Conn is built on it.
//
// The front enforces that order (error 64, 5, 6): the client sends what its caller requests. It
// does not collect the data of the machine that it runs on, nor encrypt them under the
// monitoring centre's key: package collect does. LoginWith takes what that found; Login takes any ciphertext.
//
// # Business
//
// Send passes a message to the firm's trading core and numbers it; what the core sends, answers and flows, goes
// to the handler that WithHandler names, with the front's Errors about requests (Message.Target). LoginRequest.Resume
// asks for flows. UpdatePassword changes the password, also where a login was refused until that is done.
//
// # Relays
//
// A relay is between terminals and front (docs/relay.md). A many-to-many relay (AppType '2') has one Conn for each
// terminal and logs its customer in by LoginVia, with what it saw of the terminal. An operator relay (AppType '3')
// has one Relay for all its terminals:
//
//	DialRelay ──▶ Submit (any number at once) ──▶ live terminal ──▶ End, or an event says that it must leave
//
// A Relay connects by itself, to the next front where one answers 8 or does not answer, and not again to a front that
// refused its login for good. A relay lets its terminal in after the front's 0 only: so Submit returns *DownError while
// there is no connection, and never later.
//
// # Errors
//
//   - *Error: the front refused. Temporary reports whether to try again, and Ref is what
//     to quote to the firm's support desk.
//   - *ClosedError: the front closed the connection. If that was during a Login, the login
//     may have been recorded: log in again, each accepted login is one record.
//   - *ViolationError: the front sent what the protocol does not allow.
//   - *ForceExit: the front ended the session.
//   - ErrSilent: nothing was received for three heartbeat periods.
//   - the context's cause, wrapped, if the context ended.
//
// Any other error is about an argument; then nothing was sent, and the connection can
// go on.
//
// # Invariants
//
//   - One goroutine reads, from Dial until Done, and calls the handler; calls wait for it. One call at a time is
//     in progress, others wait for their turn.
//   - Answers have no number, so the client cannot match a late answer to its request. Therefore
//     a context that ends during a call closes the connection, and a Machine has one request at a
//     time.
//   - Once Done is closed, Err is not nil, the socket is closed and no heartbeat is sent.
//   - The authcode is used in one function and kept nowhere but in a Relay, which connects again.
//   - A Relay sends one submission under one SubmitID until it is answered, to whichever front; a terminal that it
//     reports again gets another.
//
// # Bounds
//
// One frame of at most 4,227 bytes is buffered each way; one answer waits at most.
// Connecting takes DialTimeout at most, and less if the context ends before; every other call
// is bounded by its context. After Login the client closes the connection if the front sends
// nothing for three heartbeat periods. Messages of the trading core are handed to the handler one by one and not
// queued: while it does not return they wait in the socket. A Machine is 96 bytes and buffers nothing.
//
// A Relay holds DefaultMaxTerminals live terminals and waiting submissions, and has three goroutines: the two of its
// connection, and a Submit's own. A live terminal takes some 650 bytes, its ciphertext among them, and some 150 with
// ResubmitUnanswered. Unanswered submissions are bounded by the front's window, unanswered ends by 256.
//
// If a relay crashes, its Relay's memory is lost: what was not answered may have been recorded, and its terminals, which
// have gone with it, log in again.
package client
