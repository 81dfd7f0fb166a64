// Package dialogue drives sessions: whole frames are taken from a connection's bytes, each
// is a step of the session machine, what a step asks for is asked of the Handler, and what
// it says becomes bytes for the connection. It decides nothing about a login, and knows no
// sockets: internal/front brings the bytes of gnet, the simulation those of its models.
//
// # Who runs where
//
//	owner of the connection:  Receive, Tick, End ─▶ Session.Step ─▶ Handler ─▶ Line.Write
//	                                                    │ DoLogin
//	                                                    ▼
//	a login's own goroutine:                      Handler.Login
//	                                                    │ Line.Later
//	                                                    ▼
//	owner of the connection:                      the answer, if the terminal is still there
//
//	a submission's own goroutine: Relays.Submit ─▶ submits, of which the first ─▶ Line.Later
//	owner of the connection:      the answers of all that were decided by then, in one write
//
//	owner of the connection:  Receive ─▶ Session.Step ─▶ core.Session: Pass …, then one Flush
//	a core's goroutine:       core.Terminal ─▶ Mail
//	owner of the connection:  Take(Mail) ─▶ Line.Write
//
// A Dialogue belongs to one goroutine at a time, the owner of its connection: a loop of
// gnet. A login runs on a goroutine of its own with a copy of what it needs, and comes back
// by Line.Later.
//
// # Invariants
//
//   - A login that was started is finished and its outcome reported to the Handler,
//     whether or not its connection still lives. The Handler is told if that has ended, and then makes no record;
//     one that it has made counts.
//   - Ended is called once for each login that was answered with success, Unanswered for
//     each whose outcome found no terminal.
//   - All frames of one Receive are answered by one Write, in their order.
//   - What the core sends before the login is answered follows the answer, in its order.
//   - While the core takes no more, the session sent more requests than it may in a second, or the front holds for a
//     hand-over, its requests stay unread (Paused), with all that is behind them. Other dialogues go on.
//   - The core is told of a recorded submission before the relay is answered, and of a terminal that has gone when the
//     relay says so.
//   - A session that the core knows is closed there once, by End, behind all that was passed.
//   - A panic in a step or in a login closes that one connection and logs the stack. A panic in a submission is answered
//     by submit_fault, and the connection stays: the relay sends the same again, which is one record.
//   - Submissions and logins of relays leave room for others: Limits.RelayLogins.
//   - Nothing that aliases the bytes given to Receive is kept after it, except the copy
//     that a login takes with it.
//
// # Bounds
//
// Limits names them: logins in flight over all dialogues, requests a second, and bytes that a terminal
// leaves unread, or that the core sends before the login is answered. The session bounds frames during a login. The
// caller of Receive keeps at most the rest of one frame, or bounds what a terminal sends while it is paused; the
// caller of Take bounds the Mail that it was not given yet.
//
// At log level debug steps and lives have lines, of which debugFirst and debugThereafter bound those of a second.
//
// # If we crash
//
// Logins in flight are recorded or not, and were not answered.
package dialogue
