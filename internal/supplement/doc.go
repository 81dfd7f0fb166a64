// Package supplement makes what the trading software adds to a terminal's collected
// information: the supplement string of eleven items (4.2.2, 4.4.2), encrypted under
// the monitoring centre's public key, and the 异常标识, its first item.
//
//	TerminalInfo ── Assess(KeyRing, instant) ──▶ flag, key
//	                                              │
//	     Supplement{flag, AppID, address, …} ── Append ──▶ string ── Key.Encrypter ──▶ ciphertext
//
// # Invariants
//
//   - A supplement string always has exactly ten separators. Direct mode leaves the
//     four items of the relay empty and keeps their separators.
//   - Address and port of the terminal are empty only of an order by telephone that came
//     through a relay.
//   - What Append returns, Parse reads back to the same value; what Parse accepts,
//     Append prints to the same bytes. There is one string for one supplement.
//   - An item that breaks its rule is refused, never cut or stripped.
//   - One line of the report has one key version: Assess names the key that the
//     supplement is encrypted under, and its version is that of the line.
//   - At most two keys are valid at any instant (A.1): NewKeyRing refuses more.
//   - Only public keys: ParsePublicKey refuses a private one, and nothing here decrypts
//     (testkey does, for test pairs).
//
// # States of a key
//
//	not yet ──NotBefore──▶ newest ──a later listed one begins──▶ valid ──NotAfter──▶ expired
//
// A key is valid at NotBefore and no more at NotAfter. The algorithm is a property of each
// key: while terminals change from RSA to SM2, the ring has both. A ring never changes; a
// reload makes another. KeyRing.Warnings names what ends 60, 30 and 7 days ahead.
//
// # Bounds
//
// The longest direct string is MaxDirectLen bytes and the longest with a relay
// MaxRelayLen; both fit one RSA-2048 PKCS#1 v1.5 block of MaxPlaintext bytes. RSA makes
// CiphertextLen bytes of any plaintext, SM2 SM2Overhead more than the plaintext has.
// Encrypting takes some tens of microseconds, with SM2 about a hundred, everything else
// below one.
//
// No files, no environment, no clock, no goroutines: a crash leaves nothing.
package supplement
