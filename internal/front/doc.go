// Package front is the event-loop server that terminals connect to: it moves bytes
// between sockets and sessions and decides nothing about a login. It is the only
// importer of gnet.
//
// # Who runs where
//
// Each connection belongs to one loop of gnet for life. Everything that touches its
// conn runs on that loop: callbacks of gnet, the sweep that looks at the clocks once
// every sweepPeriod, and the end of a login, which comes back by EventLoop.Execute.
// A login itself runs on a goroutine of its own, with a copy of what it needs; nothing
// that aliases a read buffer ever leaves the loop.
//
//	loop:  bytes ─▶ frames ─▶ Session.Step ─▶ bytes ┐
//	                              │ DoLogin         │ one write for all frames of a read
//	                              ▼                 ▼
//	goroutine:            Handler.Login ─▶ Execute ─▶ loop: answer, if the session still lives
//
// # Invariants
//
//   - A login that was started is finished and its outcome reported to the Handler,
//     whether or not its connection still lives: the record counts either way.
//   - A panic in a callback closes that one connection and logs the stack.
//   - The peer's address is copied once, at accept, unmapped and without zone; gnet
//     forgets it when the connection closes, and it is evidence.
//   - An engine that ends without Drain having asked is an error on Failed: gnet stops
//     for good when accept fails, and returns nil.
//
// # Bounds
//
// Connections (checked against the limit of open files at start, see ConnectionBudget),
// logins in flight over all connections, frames during a login in flight (session),
// bytes that a terminal leaves unread, and, because every whole frame is taken from a
// read, less than one frame of unread input a connection.
//
// # If we crash
//
// Sockets close; terminals connect again. Logins in flight are recorded or not, and were
// not answered.
package front
