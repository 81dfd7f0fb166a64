// Package auth decides whether a terminal is software that the firm has admitted:
// access authentication of 5.2.2, by challenge and response as B.2 describes it.
//
// # The way of an authcode
//
//	NewAuthCode ── shown once to the operator ──▶ the terminal's vendor
//	     │
//	     ▼ MasterKey.Seal (AES-256-GCM, AppID as associated data)
//	  App.Sealed, a row of the directory
//	     │
//	     ▼ Registry.Refresh: MasterKey.Open, key schedule of App.Cipher
//	  the snapshot that Registry.Verify looks into
//
// # The challenge
//
//	front                                        terminal
//	NewChallenge: 128 random bytes  ──────────▶
//	                                ◀──────────  Respond: AES-128-ECB(key = authcode, challenge)
//	Verify: the same, compared in constant time
//
// An AppID whose Cipher is SM4 answers with SM4-ECB instead (4.4.1 b), by agreement between
// the firm and its vendor: nothing on the wire names the cipher, and nobody can choose it
// by asking.
//
// The authcode never crosses the wire. Spending a challenge at its first answer, and
// its life of 30 s, are the session's to enforce.
//
// # Invariants
//
//   - AuthCode and MasterKey print "***" in every format; Reveal is the one way out.
//   - The expected answer never leaves Verify.
//   - An unknown AppID, a disabled one and a wrong answer cost the same work; only the
//     Verdict, which goes to the audit log and not to the terminal, tells them apart.
//     An unknown AppID costs AES work; SM4 takes 2 to 3 µs longer, far below what a network
//     lets anyone measure, and shows no more than that an AppID with SM4 exists.
//   - A snapshot is whole: readers see the registry before a Refresh or after it.
//   - A row that does not open is left out and reported; the others still work. A
//     source that fails leaves the last good snapshot in force.
//
// # Bounds
//
// The registry holds about 600 bytes an AppID; a firm has tens to hundreds. Verify
// takes a fraction of a microsecond, with SM4 a few, and allocates nothing, so it may run on
// the event loop.
//
// # If we crash
//
// Nothing here is written except the master key file, by CreateMasterKey. A crash
// inside it leaves no file, or a file that LoadMasterKey refuses as incomplete: it
// can be removed, for no authcode was sealed under it yet.
package auth
