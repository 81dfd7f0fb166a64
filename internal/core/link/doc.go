// Package link is the core at the other end of a link: it asks the firm's trading core who may log in, and passes
// business messages between terminals and that core, over the wire of docs/core.md. It implements core.Core.
//
// # The states of an endpoint
//
//	down ──▶ dialling ──▶ greeting ──▶ initialising ◀─▶ standby ◀─▶ active
//	 ▲           │            │              │              │          │
//	 └───────────┴────────────┴──────────────┴──────────────┴──────────┤
//	 └──────────────────────────── fenced ◀─────────────────────────────┘
//
// All endpoints are dialled, again and again. After LinkLogin and LinkAccept a link is as the core says:
// initialising, standby or active. A core that says active under a lower Term than the front has seen of an
// active core is fenced: its frames are dropped, the link is closed and dialled again. A core with another
// trading day than the calendar's stays standby, with an alarm, until both days are the same.
//
// Of the links that are active under the highest Term one is in use; the same stays in use while it may.
// A tenure is the time in which a core is in use under one Instance and one Term over one connection.
//
// # The states of a session
//
//	verifying ──▶ verified ──▶ open ◀──▶ waiting ──▶ resuming
//	    │             │          │          │            │ refused, or no answer
//	    │             │          │          ▼            ▼
//	    └─────────────┴──────────┴──────▶ closed ◀── leaving
//
//	verifying ──▶ passwordOnly ──▶ leaving ──▶ closed
//
// A session is open under one tenure. When that ends, the session waits up to Options.Grace for the next one,
// and is then resumed there by SessionResume, within Options.Grace and Options.VerifyTimeout of the loss, however often a core
// comes and goes meanwhile; its dialog requests without an answer are refused to the
// terminal (core_unanswered). If there is no core in time, or the core does not know the session, or kicks it before it has
// resumed it, the session is leaving: its terminal gets ForceExit; so is one that may only change its password when its
// tenure ends. A verifying session is refused when its tenure ends (core_away), a verified one cannot be opened
// (core.ErrLost); of both the core is told SessionAbort if its connection is up.
//
// # Invariants
//
//   - A business message goes to the core under whose tenure the session is open, once, or the caller gets a
//     reason. It is never sent again.
//   - Frames of one session are written in the order of the calls: SessionOpen, what Pass took, SessionClose.
//   - What the core sends to a session is delivered in the core's order. A tenure delivers only after the
//     reader of the connection before it has ended.
//   - Nothing that the core sends ends the front. A frame that cannot be read closes its link. What can be
//     read and has no place is discarded and counted by a word of the closed set Discard.
//   - What was written to a connection is wiped from memory after the write: it may have been a password.
//   - An event loop never waits: Pass, Wait, Flush and Close take mutexes that are held for the copy of one frame,
//     and make at most maxRounds attempts to write. What the socket does not take goes to a writer goroutine.
//   - No method of a core.Terminal is called while a mutex of this package is held.
//   - The front refuses with 8, 7 or 90 because of the core's absence, never with 63, 3 or a lock.
//
// # Goroutines and mutexes
//
// Each endpoint has a goroutine that dials, and then reads; each connection has a writer that works only while
// the socket takes less than there is. One goroutine resumes the sessions of a tenure, one spreads exits.
// Mutexes are taken in this order: Link.mu (endpoints, tenure), table.mu (which sessions there are), session.mu,
// outbox.mu or resumes.mu.
//
// machine and choose have no I/O, no clock and no goroutine.
//
// # Credit
//
// LinkAccept sets how many business frames the front may send, also in a StateChange; LinkCredit adds to it.
// UnlimitedCredit (-1) in either takes the bound away. A business frame costs one, nothing else does.
//
// # Bounds
//
//   - Options.QueueBytes: bytes for one connection that its socket has not taken. Over it Pass and Verify
//     refuse (core_full). Messages that the front must not omit (SessionOpen, SessionClose, SessionAbort, heartbeats)
//     may use a reserve behind it (reserveOf); over that the link is closed, whereby the core closes all sessions.
//   - Options.QueueLow and no credit: Wait holds back the terminals, not longer than Options.Wait.
//   - Options.MaxSessions: sessions that the table has; more are refused (overloaded).
//   - firstResumes and the pace of the core's answers: SessionResumes that have no answer yet.
//   - maxCodeRequests: requests for a code that have no answer yet; for an older one the answer is discarded.
//   - readBufferBytes for each connection; maxWindow dialog requests and ftd.MaxResumePoints flows that a session
//     remembers for SessionResume; maxBegun messages in parts of other flows.
//   - dialTimeout, greetTimeout, firstBackoff to longestBackoff, Options.VerifyTimeout, Options.Grace, Options.FailoverSpread.
//
// # If we crash
//
// Nothing is written to disk. The core sees the link end and closes all sessions of this Process; the next start
// is another Process. Records are durable before SessionOpen: there is no session at the core without one.
package link
