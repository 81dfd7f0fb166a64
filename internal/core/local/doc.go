// Package local is the local core: it decides by accounts of its own who may log in and as what. It takes no
// business messages. A firm with a trading core has core/link in this place.
//
// # The way of an attempt
//
//	Attempt ── locked? ──▶ refused 75 or 143, not evaluated
//	   │
//	   ├── remembered? ──▶ User, without argon2
//	   ▼
//	equal work under way? ── follow it: wait for what it finds (singleflight)
//	   │ no
//	   ▼
//	hash queue ── full, or ctx has ended ──▶ refused 90
//	   │ a slot of a few; ranks, networks and sources take turns
//	   ▼
//	reserve with the locks ── locked meanwhile ──▶ refused 75 or 143
//	   │                   └─ as many guesses in flight as are left ──▶ refused 90
//	   ▼
//	verifier ── fits ──▶ settle
//	   │ no
//	   ▼
//	argon2id ──▶ settle: forgive and remember, or count a failure
//
// # Locks
//
// A failure counts for the account at that source address, and for the source over all
// accounts. Each counter is a leaky bucket: it forgets one failure per decay time, and
// locks while it is full. A success empties the bucket of (account, source). So a guesser has
// a few tries at once and then one per decay time; a customer who stops trying is free again
// after a while; a stranger at another address cannot lock a customer out. An attempt that is
// refused as locked is not evaluated and does not extend the lock. A source is what package
// source says.
//
// The networks around a source have buckets of both kinds too. They hold as much as a few
// sources' (source.Path.Share) and leak as fast, so that a subscriber with 65,536 sources has
// not as many times five guesses at an account. They do not lock a customer who has logged in
// from the same source within a day. A customer who has not, and whose network is under attack
// from at least 16 of its sources, is locked with it until the buckets leak.
//
// A relay (core.Attempt.Via) logs its customers in from one address of its own. That one is never counted: the source is
// the terminal's, as the relay told it. As a relay may invent addresses, failures through relays fill a bucket of the
// account alone too, for all relays and addresses together: 20, of which one is forgotten each half minute. It is full
// for attempts through relays only, so that no relay locks a customer out who connects by himself. An order by telephone has
// no source, and that bucket alone.
//
// # A customer and a stranger at one address
//
// A stranger who knows an account, uses the same address and has admitted terminal software
// can keep (account, source) locked. The customer then gets 75 from there, and can log in from
// any other address, or after an operator's unlock; a session that is logged in stays. It would
// be friendly to let a remembered password pass the lock. We do not: whether a password is
// remembered is itself an answer to a guess, it costs no argon2, and the lock would not bound
// the attempts that it lets through. Only the password tells the two apart.
//
// # The queue
//
// Attempts wait in three ranks: sources from which a login was accepted within a day; sources of
// which nothing is known; sources that failed not long ago, by themselves or, more often than
// their share, by their network. Of eight turns the ranks have four, three and one, and those
// parts of the places; the other ranks have what one does not use. In a rank networks take turns
// (/48, IPv4 /24), in these the smaller ones, at last sources. When the queue is full, a newcomer
// whose networks have fewer waiting takes the place of the newest attempt of the one that has
// most, which is answered 90. So a source or a network that fills the queue delays itself.
//
// An attacker with thousands of networks cannot be told from customers by address: an unknown
// source waits behind each of them once, until it has failed. Known customers have turns of
// their own.
//
// # Invariants
//
//   - Never are more wrong guesses evaluated than a bucket has room for, however many
//     attempts run at once: room is reserved before argon2 and settled after it.
//
//   - An unknown account costs the same argon2 work as a known one, is counted and
//     locked the same, and only Refused.Reason, for the audit log, tells them apart.
//     (Hashes made with other parameters than those in force differ in time: re-hash them.)
//
//   - Passwords are not kept: only an HMAC under a key that lives and dies with the
//     process, and the password hash itself. The password slice stays its owner's.
//
//   - A change of some accounts copies a few hundred of a million; with what was read it is the same as reading all anew.
//
//   - A changed password hash, a removed account and the end of Remember each end what
//     is remembered.
//
//   - A verifier counts for the account and the password hash that it was made for, under a key that is not beside it. A wrong
//     password does the work of both, whether the account has a verifier, has none, or does not exist.
//
// # Bounds
//
// Options names them: slots and queue of argon2, which bounds all sources together, and as
// many more that wait for equal work (each slot holds Params.MemoryKiB), the
// remembered logins, and the buckets (MaxBuckets for each of the two kinds and each size of
// network, and as many sources that are trusted; when there are more, the ones least recently
// used are forgotten).
//
// # If we crash
//
// Locks, trusted sources and remembered logins are gone: a guesser gets a few more tries. Verifiers are written
// behind the logins, some seconds later: the first login of an account that has none pays for argon2.
package local
