package store

import "crypto/sha256"

// SeenHash is the first half of the SHA-256 of a terminal ciphertext. The zero value means that there
// is none.
//
// It needs no key. An honest ciphertext is padded with random bytes, so its hash confirms no
// guess at what is in it; one that is not padded so has no secret. Two ciphertexts with one
// hash cost 2^64 tries and win nothing; one with the hash of another terminal's costs 2^128.
type SeenHash [sha256.Size / 2]byte

// HashTerminal is the SeenHash of a ciphertext.
func HashTerminal(ciphertext []byte) SeenHash {
	sum := sha256.Sum256(ciphertext)
	return SeenHash(sum[:len(SeenHash{})])
}

// VisitHash names one visit of a terminal at a relay: the first 8 bytes of a SHA-256 over who it was and from where.
// Zero is a login in direct mode. A relay that connects anew reports the terminal's ciphertext of that visit again,
// which is no replay; the same ciphertext under another VisitHash is one.
type VisitHash [8]byte
