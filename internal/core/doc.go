// Package core is the contract between a front and the core behind it: which says whether a customer may
// log in, and takes the business messages of those who have. The local core (core/local) has accounts of its
// own and takes no business; the link (core/link) asks the firm's trading core over the wire of docs/core.md.
//
// # A session at the core
//
//	Verify ──▶ refused: the login is over
//	   │   └─▶ refused, but the password may be changed: a Session that passes that and nothing else
//	   ▼
//	verified: the core has reserved the session
//	   │ Alive?
//	   ├─ no ──▶ Abort, without a record
//	   │ record durable?
//	   ├─ no ──▶ Abort
//	   ▼
//	Open ──▶ a Session: Pass, messages to the Terminal, at last Close
//
// # Invariants
//
//   - Each Verify that returned a User is followed by one Open or one Abort.
//   - Open is called once the record is durable, and before the login is answered. A core therefore knows the
//     session before its first business message.
//   - The body of a business message is passed on unchanged and unread in both directions, and in order for
//     each session.
//   - What is called on an event loop does not wait: Pass, Flush, Wait, Close, and a Terminal's methods.
//   - A front answers 8, 7 or 90 because a core is away, never 3, 63 or a lock.
//
// The package has types alone; who implements it, keeps its own bounds.
package core
