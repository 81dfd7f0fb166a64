package supplement

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"filippo.io/bigmod"
)

// MaxPlaintext is the longest plaintext of one RSA-2048 PKCS#1 v1.5 block, in bytes. An
// SM2 key takes no more: what is encrypted is the same.
const MaxPlaintext = CiphertextLen - pkcs1Overhead

// pkcs1Overhead is 0x00 0x02, at least 8 bytes of padding, and 0x00 (RFC 8017, 7.2.1).
const pkcs1Overhead = 11

// PlaintextTooLongError means that a plaintext does not fit one block.
type PlaintextTooLongError struct{ Len int }

func (e *PlaintextTooLongError) Error() string {
	return fmt.Sprintf("plaintext of %d bytes, at most %d fit (RSA-2048 with PKCS#1 v1.5)", e.Len, MaxPlaintext)
}

// rsaKey encrypts with RSA-2048 and PKCS#1 v1.5 padding: the one place that does.
//
// The padding is deprecated, in Go's standard library too: a server that decrypts it and
// lets errors be seen can be made to decrypt for a stranger. The regulation demands it
// all the same (4.4.1 b), the monitoring centre's programs read nothing else, and this
// side only ever encrypts, which the attack does not touch.
//
// crypto/rsa prepares the modulus anew at each call. Here it is prepared once: the same
// arithmetic (bigmod is the standard library's own) at about two thirds of the cost, and
// RSA is the dearest part of a login's own computing.
type rsaKey struct {
	modulus  *bigmod.Modulus // read-only once made
	exponent uint
	blocks   sync.Pool // of *rsaBlock
}

type rsaBlock struct {
	padded      [CiphertextLen]byte
	random      [CiphertextLen]byte
	base, power bigmod.Nat
}

// newRSAKey takes a key that checkRSA has passed.
func newRSAKey(pub *rsa.PublicKey) (*rsaKey, error) {
	modulus, err := bigmod.NewModulus(pub.N.Bytes())
	if err != nil {
		return nil, fmt.Errorf("RSA modulus: %w", err)
	}
	k := &rsaKey{modulus: modulus, exponent: uint(pub.E)}
	k.blocks.New = func() any {
		return &rsaBlock{base: *bigmod.NewNat(), power: *bigmod.NewNat()}
	}
	return k, nil
}

// Encrypt appends CiphertextLen bytes to dst. A plaintext over MaxPlaintext bytes is a
// *PlaintextTooLongError. It is safe for concurrent use.
func (k *rsaKey) Encrypt(dst, plaintext []byte) ([]byte, error) {
	if len(plaintext) > MaxPlaintext {
		return dst, &PlaintextTooLongError{len(plaintext)}
	}
	block := k.blocks.Get().(*rsaBlock)
	defer k.blocks.Put(block)
	block.pad(plaintext)
	if _, err := block.base.SetBytes(block.padded[:], k.modulus); err != nil {
		// Cannot be: the modulus has 2048 bits and the block starts with a zero byte.
		return dst, fmt.Errorf("RSA block: %w", err)
	}
	block.power.ExpShortVarTime(&block.base, k.exponent, k.modulus)
	return append(dst, block.power.Bytes(k.modulus)...), nil
}

// CiphertextLen is the length of the modulus, for any plaintext.
func (k *rsaKey) CiphertextLen() (shortest, longest int) { return CiphertextLen, CiphertextLen }

// HasForm is true of any bytes: a ciphertext of RSA is a number.
func (k *rsaKey) HasForm([]byte) bool { return true }

// pad fills padded with 0x00 0x02, nonzero random bytes, 0x00, plaintext (RFC 8017, 7.2.1).
func (b *rsaBlock) pad(plaintext []byte) {
	start := CiphertextLen - len(plaintext)
	b.padded[0], b.padded[1], b.padded[start-1] = 0, 2, 0
	b.fillNonzero(b.padded[2 : start-1])
	copy(b.padded[start:], plaintext)
}

// fillNonzero fills dst with random bytes of 1 to 255, equally likely: it draws many at
// once and leaves the zeros out, one in 256.
func (b *rsaBlock) fillNonzero(dst []byte) {
	for filled := 0; filled < len(dst); {
		draw := b.random[:len(dst)-filled]
		_, _ = rand.Read(draw) // never fails: it ends the program instead
		for _, r := range draw {
			if r != 0 {
				dst[filled] = r
				filled++
			}
		}
	}
}
