// Package front is the event-loop server that terminals connect to: it moves bytes
// between sockets and dialogues and decides nothing about a login. It is the only
// importer of gnet. Package dialogue knows what bytes mean, and when a login leaves the
// loop and comes back; package admission knows which connections are taken. No socket is needed
// to test either.
//
// # Who runs where
//
//	acceptors:  accept ─▶ Admit ─▶ hand over ─▶ loop: OnOpen, OnTraffic …, OnClose
//	                     │ victim                ▲ close, as evicted
//	                     └───────────────────────┘
//
// A few goroutines a listener accept. gnet could do it, but its accept ends the whole
// engine when there is no file descriptor left; ours waits and tries again. A connection
// that admission takes is handed over to the loop with the fewest, and belongs to it for
// life. Everything that touches its conn runs on that loop: callbacks of gnet, the sweep
// that looks at each session's clocks once every sweepPeriod, and what other goroutines have for it:
// the ends of logins, which wait in the loop's mailbox (later.go), and evictions, which execute hands over. Nothing that aliases a read
// buffer ever leaves the loop.
//
// On a listener for load balancers the terminal's address is not the peer's, so the way is
// longer:
//
//	acceptor:  accept ─▶ trusted? ─▶ AdmitProxied ─▶ loop: PROXY header ─▶ Identify ─▶ dialogue
//
// Until the header was read (package proxyheader, proxy_state.go) no byte reaches the dialogue,
// and ProxyRule.Timeout bounds the time. The dialogue then gets the terminal's address;
// the proxy's own is in session.Peer beside it. A header that cannot be taken ends the
// connection, and penalizes no source, since none is known yet.
//
// What a core has for terminals comes on goroutines of the core's, by the core.Terminal of each connection. It goes
// into the mailbox of the connection's loop (mailbox.go); the first of it calls the loop by execute, and the loop takes
// all that is there by then, one write a connection. The core's goroutine never waits for a loop, and no loop for
// a terminal. A message that comes alone, while nothing waits before it, the core's goroutine writes to the socket
// itself (direct.go): conn.mu then keeps the loop from the connection for that one write.
//
// A connection whose requests are to stay unread is paused (pause.go): its bytes stay in gnet's buffer, and
// it is asked again with each part of the sweep and whenever the core has sent something.
//
// After each callback the loop reports to admission what a connection did (reportState), and at
// the end releases it: once for each connection that was admitted.
//
// # Invariants
//
//   - No error of accept ends the front.
//   - A panic in the work on a connection closes that one and logs the stack; one in other work of a loop leaves out the rest of
//     that (rescue.go).
//   - The peer's address is copied once, at accept, unmapped and without zone: it is
//     evidence. The zones of the socket's own addresses are cleared, since gnet would take
//     their memory, which is Go's, for its own. Behind a proxy the evidence is the header's
//     client, from a trusted peer alone; a connection without one has no address.
//   - A loop is given no work once the engine ends: the descriptor that wakes a loop may be another file's by then. The end
//     of a login is told once in any case, to the loop or, once that has ended, to the goroutine that has it.
//   - A loop that has ended by itself, or does not respond, is an error on Failed.
//
// # Bounds
//
// Those of package admission, the total of connections checked against the limit of open files
// at start (ConnectionBudget); those of package dialogue; and, because every whole frame is
// taken from a read, less than one frame of unread input a connection, or less than
// proxyheader.MaxLen before the header was read. A paused connection may have Limits.Inbound, 256 KiB; over it
// its session ends as a frame flood. A mailbox has Limits.Mail, 64 MiB, and an eighth of it for one connection; over
// it that session ends as a slow reader's. SetLimits replaces
// them all while the front runs. Handing over takes a second descriptor for a moment, one
// an acceptor at most.
//
// # What a crash leaves
//
// Sockets close; terminals connect again. Logins in flight are recorded or not, and were
// not answered.
package front
