package supplement

import (
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
)

// SM2Overhead is how many bytes an SM2 ciphertext is longer than its plaintext: the point
// C1 (0x04, x, y: 65 bytes) and the SM3 hash C3 (32 bytes).
const SM2Overhead = 97

// sm2Bits is the size of the one curve of SM2 (GB/T 32918.5).
const sm2Bits = 256

// MinSM2Plaintext is the shortest plaintext in bytes that is encrypted with SM2. Each real
// string has a time of 19 bytes in it.
//
// SM2 must begin anew when its key stream comes out all zeros (GB/T 32918.4, 6.1 A5), once
// in 256 for one byte, and libraries get that wrong: of gmsm v0.41.1 the ciphertext opens
// nowhere, of OpenSSL 3.0 it is the plaintext. With 16 bytes it is once in 2^128.
const MinSM2Plaintext = 16

// PlaintextTooShortError means that a plaintext is too short for SM2.
type PlaintextTooShortError struct{ Len int }

func (e *PlaintextTooShortError) Error() string {
	return fmt.Sprintf("plaintext of %d bytes, SM2 takes %d or more", e.Len, MinSM2Plaintext)
}

// sm2Key encrypts with SM2 (GB/T 32918.4) in one form, the raw one:
//
//	C1 = 0x04 ‖ x ‖ y (65 bytes) ‖ C3 = SM3 hash (32 bytes) ‖ C2 (as long as the plaintext)
//
// That is C1C3C2, the order of the standard since 2012, as raw bytes: the form that
// libraries and cryptographic devices in the country exchange. GM/T 0009 also has an ASN.1
// form, SEQUENCE { x, y, hash, ciphertext }, which is what OpenSSL reads and writes; its
// length varies by the leading zeros of x and y, so the front could not recognise a cut one by its length.
// Its first byte is 0x30, and what begins with another byte than 0x04 is refused: the receiver of the report could not open it.
//
// The plaintexts are those of an RSA key, and so is their bound MaxPlaintext.
type sm2Key struct{ public *ecdsa.PublicKey } // read-only once made

// sm2Form is the one form.
var sm2Form = sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2)

// newSM2Key takes the bits of a SubjectPublicKeyInfo: an uncompressed point.
func newSM2Key(point []byte) (*sm2Key, error) {
	public, err := sm2.NewPublicKey(point) // it must be on the curve
	if err != nil {
		return nil, &KeyError{KeyMalformed, "the SM2 key is no uncompressed point of the curve, so this cannot be a key"}
	}
	return &sm2Key{public}, nil
}

// Encrypt appends SM2Overhead+len(plaintext) bytes to dst. A plaintext over MaxPlaintext
// bytes is a *PlaintextTooLongError, one under MinSM2Plaintext a *PlaintextTooShortError.
func (k *sm2Key) Encrypt(dst, plaintext []byte) ([]byte, error) {
	switch {
	case len(plaintext) < MinSM2Plaintext:
		return dst, &PlaintextTooShortError{len(plaintext)}
	case len(plaintext) > MaxPlaintext:
		return dst, &PlaintextTooLongError{len(plaintext)}
	}
	ciphertext, err := sm2.Encrypt(rand.Reader, k.public, plaintext, sm2Form)
	if err != nil {
		return dst, err
	}
	return append(dst, ciphertext...), nil
}

// CiphertextLen is that of plaintexts of MinSM2Plaintext to MaxPlaintext bytes.
func (k *sm2Key) CiphertextLen() (shortest, longest int) { return SM2CiphertextLen() }

// HasForm is SM2HasForm.
func (k *sm2Key) HasForm(ciphertext []byte) bool { return SM2HasForm(ciphertext) }

// uncompressed is the first byte of C1: its point is written in full.
const uncompressed = 0x04

// SM2HasForm is HasForm of any SM2 key: a ciphertext of another form has the right length as well.
func SM2HasForm(ciphertext []byte) bool { return len(ciphertext) > 0 && ciphertext[0] == uncompressed }

// SM2CiphertextLen is that of any SM2 key.
func SM2CiphertextLen() (shortest, longest int) {
	return SM2Overhead + MinSM2Plaintext, SM2Overhead + MaxPlaintext
}
