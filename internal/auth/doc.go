// Package auth decides whether a terminal is software that the firm has admitted:
// access authentication of 5.2.2, by challenge and response as B.2 describes it.
//
// # The way of an authcode
//
//	NewAuthCode ── shown once to the operator ──▶ the terminal's vendor
//	     │
//	     ▼ MasterKey.Rotate, Seal (AES-256-GCM, AppID as associated data)
//	  App.Sealed, a row of the directory; the code before it moves to App.Previous
//	     │
//	     ▼ Registry.Refresh: MasterKey.Open, key schedule of App.Cipher
//	  the snapshot that Registry.Verify looks into
//
// # The challenge
//
//	front                                        terminal
//	Challenge: 128 random bytes     ──────────▶
//	                                ◀──────────  Respond: AES-128-ECB(key = authcode, challenge)
//	Verify: the same, compared in constant time
//
// An AppID whose Cipher is SM4 answers with SM4-ECB instead (4.4.1 b), by agreement between
// the firm and its vendor: nothing on the wire names the cipher, so that no terminal can choose
// it.
//
// # The two codes of an AppID
//
//	current ── Rotate ──▶ previous ── its instant, the next Rotate, or --finish ──▶ gone
//
// During an overlap either code admits, so that a vendor can change its terminals over.
// What is sealed as previous is bound to that slot and to its end: an attacker who can write the
// database can neither make it current again nor prolong its life. It stops at its
// instant, and at the next Refresh it leaves memory, also while the database is away.
//
// The authcode never crosses the wire. The gateway draws the challenge; the session sees to it
// that it is spent by its first answer and lives for 30 s.
//
// # Invariants
//
//   - AuthCode and MasterKey print "***" in every format; Reveal is the one way out.
//   - The expected answer never leaves Verify.
//   - An unknown AppID, a disabled one, a wrong answer and a right one, by either code, cost
//     the same work: two slots, and for each one run of every cipher that some AppID has.
//     Only the Verdict, which goes to the audit log and not to the terminal, tells them
//     apart.
//   - A snapshot is whole: readers see the registry before a Refresh or after it.
//   - A row that does not open is left out and reported; the others still work. If
//     that AppID was not changed since it was last read, it was sealed under a master key that
//     this front does not have yet: its last known codes stay in force. A source that
//     fails leaves the last good snapshot in force.
//   - Codes are wiped as soon as their key schedule is made. The schedules themselves are
//     left to the garbage collector: Go's ciphers give no way to wipe them.
//
// # Bindings
//
// A direct AppID may be bound to accounts and to networks, and accounts may be confined to it: see Binding. The lists are columns
// of the AppID's row, so that a front learns of a change as of any other, and of half a change never. One model serves
// both directions: "only these accounts through this AppID" and "this account through these AppIDs alone". Both lists are the AppID's,
// since with a trading core the firm has AppIDs here and no accounts. AdmitsFrom and AdmitsLogin tell; an AppID whose
// lists cannot be read is left out like one whose authcode does not open.
//
// # Bounds
//
// The registry holds about 1.2 kB an AppID; a firm has tens to hundreds. A binding adds some 100 bytes an
// entry, MaxBoundAccounts and MaxBoundNetworks entries at most. Verify
// takes half a microsecond, with SM4 in use six, and allocates nothing, so it may run on
// the event loop.
//
// # The master key is changed
//
// While it is, files hold two keys, the new one and the old one; masterkey_change.go has the
// states. Every front opens every code in each of them. Seal seals under the old key until
// the codes of the database are under the new one (MasterKey.For): then some machine may
// not have the old one any more, and before it some may not have the new one.
//
// Where a relay was when it submitted a record is sealed under a key that is derived from the master key (sealed_address.go).
// Nothing seals it anew after a change: a resubmission comes within relay.submit_id_age, and later the record needs it no more.
//
// # If we crash
//
// Nothing here is written except the master key file. A crash inside CreateMasterKey
// leaves no file, or a file that LoadMasterKey refuses as incomplete: it can be removed,
// for no authcode was sealed under it yet. BeginMasterKey and FinishMasterKey replace the
// file whole or not at all; a temporary file with keys in it may be left beside it.
package auth
