// Package front is the event-loop server that terminals connect to: it moves bytes
// between sockets and dialogues and decides nothing about a login. It is the only
// importer of gnet. What bytes mean, and when a login leaves the loop and comes back, is
// internal/dialogue's; who may come in is internal/door's: no socket is needed to test
// either.
//
// # Who runs where
//
//	acceptors:  accept ─▶ door.Admit ─▶ hand over ─▶ loop: OnOpen, OnTraffic …, OnClose
//	                        │ victim                    ▲ close, as evicted
//	                        └───────────────────────────┘
//
// A few goroutines a listener accept. gnet could do it, but its accept ends the whole
// engine when there is no file descriptor left; ours waits and tries again. A connection
// that the door admits is handed over to the loop with the fewest, and belongs to it for
// life. Everything that touches its conn runs on that loop: callbacks of gnet, the sweep
// that looks at the clocks once every sweepPeriod, and what other goroutines have for it
// (the end of a login, an eviction), which comes by execute. Nothing that aliases a read
// buffer ever leaves the loop.
//
// What the door must know of a connection it is told after each callback (tellDoor), and
// at the end it is left: once for each connection that it has let in.
//
// # Invariants
//
//   - No error of accept ends the front.
//   - A panic in a callback closes that one connection and logs the stack.
//   - The peer's address is copied once, at accept, unmapped and without zone: it is
//     evidence. The zones of the socket's own addresses are cleared, since gnet would take
//     their memory, which is Go's, for its own.
//   - A loop is given no work once the engine ends, and whoever has given it some knows
//     whether it was done: the descriptor that wakes a loop may be somebody else's by then.
//   - A loop that has ended by itself or stands still is an error on Failed.
//
// # Bounds
//
// Those of package door, the total of connections checked against the limit of open files
// at start (ConnectionBudget); those of package dialogue; and, because every whole frame is
// taken from a read, less than one frame of unread input a connection. SetLimits replaces
// them all while the front runs. Handing over takes a second descriptor for a moment, one
// an acceptor at most.
//
// # If we crash
//
// Sockets close; terminals connect again. Logins in flight are recorded or not, and were
// not answered.
package front
