package supplement

import (
	"crypto/sha256"
	"encoding/hex"
)

// Algorithm is what a key encrypts with (4.4.1 b).
type Algorithm byte

// The two algorithms.
const (
	RSA Algorithm = iota + 1 // RSA-2048 with PKCS#1 v1.5
	SM2                      // the national algorithm, GB/T 32918.4
)

// String is the word of the configuration.
func (a Algorithm) String() string {
	switch a {
	case RSA:
		return "rsa"
	case SM2:
		return "sm2"
	}
	return "invalid"
}

// KeyInfo is what people recognise a key by. Nothing is decided by it.
type KeyInfo struct {
	Algorithm   Algorithm
	Bits        int // of the RSA modulus, or of the SM2 curve
	Fingerprint Fingerprint
}

// Fingerprint is SHA-256 of a key's SubjectPublicKeyInfo.
type Fingerprint [sha256.Size]byte

// String is it in hex, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// PublicKey is a key of the monitoring centre as ParsePublicKey read it.
type PublicKey struct {
	Encrypter
	Info KeyInfo
}
