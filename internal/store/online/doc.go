// Package online counts the sessions of accounts over all fronts of one PostgreSQL, so that core.sessions_per_user bounds
// them together. It is for a front with the local core: a trading core sees the sessions of all fronts itself.
//
// A Counter knows how many sessions each account has at this front (held), and tells PostgreSQL. A login asks for one more:
// PostgreSQL adds what the other fronts hold, and grants it unless the bound is reached.
//
//	gateway ── Take, Resume, Release ──▶ Counter ── one stream of batches ──▶ Register (postgres.Online)
//	                                                                            │ one connection, one advisory lock
//	                                                                            ▼
//	                                                                       table online_session
//
// There is one stream, and it never has more than one batch on its way: what logins ask and what ended meanwhile is in the
// next one, logins first. So a login costs one round trip, or a part of two. A batch says of each account the number that this front holds,
// and not a difference: one that is sent again, or an account that is told again, changes nothing.
//
// # Whose sessions count
//
// Those of a front whose connection lives: the connection holds an advisory lock of a key that was drawn for it, the
// rows of the front have that key, and rows of a key that is not locked do not count. So the kernel of a front that is killed ends
// its sessions here too; where a whole machine is lost, PostgreSQL's TCP keepalives do, which the connection sets (8 to 11 s were measured). A front
// that hangs asks nothing, not even a probe: then the server ends its connection after 11 s (not PostgreSQL 13).
// A Counter that connects draws another key and writes all its accounts anew; it names the keys that this process,
// and the one whose place it took, had before, so that a connection that the server has not missed yet does not count beside the new one.
//
// # Invariants
//
//   - Two logins that PostgreSQL grants, at any fronts, never exceed the bound: it grants under a lock of the account.
//   - A login waits no longer than Patience, and is never refused for want of an answer: it is then granted by this
//     front's own count (Alone counts those).
//   - While PostgreSQL is known not to answer, a login does not wait at all.
//   - Nothing here is on the way of a record: the connection is of its own, and so is the goroutine.
//   - Release and Resume do not wait for PostgreSQL.
//
// # States
//
//	alone ──▶ writing all anew ──▶ counting together ◀── an answer in time ── slow: told, and logins do not wait
//	  ▲               │                  │     └────── no answer within Patience ──────▶ │
//	  └───────────────┴──────────────────┴── an error, changePatience, an emptied table ─┘
//
// Out of alone the connection is made again at once, then after a pause that doubles up to maxPause.
//
// Logins that are granted alone may exceed the bound together with those of other fronts. Their sessions stay, and count from the
// moment on at which they are told.
//
// # Bounds
//
// One entry an account that is online here, some 150 bytes, and one for each login that waits, of which limits.logins_in_flight
// bounds the number. A batch has at most maxAsked accounts with logins that wait, each an advisory lock, and maxTold others.
// Writing all anew takes a look at each entry, during which logins wait: 60 ms for 100,000 accounts, measured on two busy processors.
//
// # If we crash
//
// The connection ends, and the rows count no more; the next front that begins deletes them. If PostgreSQL crashes, or a standby takes
// its place, the table is empty there, since it is unlogged: each front finds its connection gone within probePeriod, and writes
// its accounts anew as soon as it finds PostgreSQL.
// Until a front has, the others do not see its sessions.
package online
