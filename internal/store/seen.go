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
