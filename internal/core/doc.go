// Package core decides who may log in and as what: the local core, with accounts of
// its own. A firm with a trading core will put a link to it in this place.
//
// # The way of an attempt
//
//	Attempt ── locked? ──▶ refused 75 or 143, not evaluated
//	   │
//	   ├── remembered? ──▶ User, without argon2
//	   ▼
//	equal work under way? ── wait for what it finds
//	   │ no
//	   ▼
//	hash queue ── full, or the caller gave up ──▶ refused 90
//	   │ a slot of a few; sources take turns
//	   ▼
//	reserve with the locks ── locked meanwhile ──▶ refused 75 or 143
//	   │                   └─ as many guesses in flight as are left ──▶ refused 90
//	   ▼
//	argon2id ──▶ settle: forgive and remember, or count a failure
//
// # Locks
//
// A failure counts for the account at that source address, and for the source over all
// accounts. Each counter is a leaky bucket: it forgets one failure per decay time, and
// locks while it stands at its limit. A success empties the bucket of (account, source).
// So a guesser has its first few tries and then one a decay time; whoever stops is free
// again; a stranger elsewhere cannot lock a customer out. What is refused as locked is
// not evaluated and does not extend the lock. IPv6 sources count by /64, which is what
// one customer is given.
//
// # Who shares an address with a stranger
//
// A stranger who knows an account and sits behind the same address (and has admitted
// terminal software, for without that nobody gets as far as a password) can keep
// (account, source) locked: the customer then gets 75 from there, and comes in from any
// other address, or after an operator's unlock; who is logged in stays so. It would be
// friendly to let a remembered password pass the lock. We do not: whether a password is
// remembered is itself an answer to a guess, it costs no argon2, and an attempt that the
// lock lets through to it is one that the lock does not bound. Nothing but the password
// tells the two apart.
//
// # The queue
//
// Waiting attempts are served source by source in turn; when the queue is full, a source
// with fewer waiting gets the place of the newest attempt of the source with most, which
// is told to come again (90). So whoever fills the queue from one address holds up himself.
//
// # Invariants
//
//   - Never are more wrong guesses evaluated than a bucket has room for, however many
//     attempts run at once: room is reserved before argon2 and settled after it.
//   - An unknown account costs the same argon2 work as a known one, is counted and
//     locked the same, and only Refused.Reason, for the audit log, tells them apart.
//     (Hashes made with other parameters than those in force differ in time: re-hash them.)
//   - Passwords are not kept: only an HMAC under a key that lives and dies with the
//     process, and the password hash itself. The password slice stays its owner's.
//   - A changed password hash, a removed account and the end of Remember each end what
//     is remembered.
//
// # Bounds
//
// Options names them: slots and queue of argon2, which bounds all sources together, and as
// many more that wait for equal work (each slot holds Params.MemoryKiB), the
// remembered logins, and the buckets (MaxBuckets for each of the two kinds; when there
// are more, the ones least recently used are forgotten).
//
// # If we crash
//
// Nothing is written. Locks and remembered logins are gone: the first login of each
// account after a start pays for argon2, and a guesser gets a few more tries.
package core
