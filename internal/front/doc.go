// Package front is the event-loop server that terminals connect to: it moves bytes
// between sockets and dialogues and decides nothing about a login. It is the only
// importer of gnet. What bytes mean, and when a login leaves the loop and comes back, is
// internal/dialogue's: no socket is needed to test it.
//
// # Who runs where
//
// Each connection belongs to one loop of gnet for life. Everything that touches its
// conn runs on that loop: callbacks of gnet, the sweep that looks at the clocks once
// every sweepPeriod, and the end of a login, which comes back by EventLoop.Execute.
// A login itself runs on a goroutine of its own; nothing that aliases a read buffer ever
// leaves the loop.
//
// # Invariants
//
//   - A panic in a callback closes that one connection and logs the stack.
//   - The peer's address is copied once, at accept, unmapped and without zone; gnet
//     forgets it when the connection closes, and it is evidence.
//   - An engine that ends without Drain having asked is an error on Failed: gnet stops
//     for good when accept fails, and returns nil.
//
// # Bounds
//
// Connections (checked against the limit of open files at start, see ConnectionBudget),
// those of package dialogue, and, because every whole frame is taken from a read, less than
// one frame of unread input a connection.
//
// # If we crash
//
// Sockets close; terminals connect again. Logins in flight are recorded or not, and were
// not answered.
package front
