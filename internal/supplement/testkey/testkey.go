package testkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"github.com/tradefront/tradefront/internal/supplement"
)

// Decrypter opens what was encrypted under the public half of its key. It is safe for
// concurrent use.
type Decrypter interface {
	// Decrypt keeps nothing of the ciphertext. It fails with ErrNotOpened, or because the
	// ciphertext has a length or a form that the key's algorithm does not make.
	Decrypt(ciphertext []byte) ([]byte, error)
	// CiphertextLen is the shortest and the longest ciphertext of the algorithm, in bytes.
	CiphertextLen() (shortest, longest int)
}

// ErrNotOpened means that a ciphertext was encrypted under another key, or was changed.
var ErrNotOpened = errors.New("this private key does not open it")

// Parse reads the private key of a test pair: one PEM block of type PRIVATE KEY (PKCS#8,
// not encrypted), RSA with 2048 bits or SM2; or of type RSA PRIVATE KEY, as older tools
// write it. Text before the block is allowed.
func Parse(pemBytes []byte) (Decrypter, error) {
	block, rest := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("private key: no PEM block; want a file that starts with -----BEGIN PRIVATE KEY-----")
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("private key: it is encrypted; decrypt it with: openssl pkey -in FILE -out PLAIN")
		}
	case "PUBLIC KEY":
		return nil, errors.New("private key: this is a public key; give the private half of the test pair")
	case "EC PRIVATE KEY", "SM2 PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PARAMETERS", "SM2 PARAMETERS":
		return nil, fmt.Errorf("private key: the PEM block is of type %s; convert it with: "+
			"openssl pkcs8 -topk8 -nocrypt -in FILE", block.Type)
	default:
		return nil, errors.New("private key: the PEM block is of another type; want PRIVATE KEY")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("private key: something follows the key; the file must end with it, one key a file")
	}
	if block.Type == "RSA PRIVATE KEY" {
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("private key: the block does not hold an RSA key that can be read")
		}
		return newRSAKey(key)
	}
	return parsePKCS8(block.Bytes)
}

func newRSAKey(key *rsa.PrivateKey) (Decrypter, error) {
	if n := key.N.BitLen(); n != 8*supplement.CiphertextLen {
		return nil, fmt.Errorf("private key: RSA with %d bits; the regulation's keys have %d (4.4.1 b)", n, 8*supplement.CiphertextLen)
	}
	return rsaKey{key}, nil
}

func parsePKCS8(der []byte) (Decrypter, error) {
	key, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("private key: the block does not hold a PKCS#8 key of a known algorithm")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return newRSAKey(key)
	case *sm2.PrivateKey:
		return sm2Key{key}, nil
	case *ecdsa.PrivateKey:
		return nil, fmt.Errorf("private key: of the curve %s; want RSA-2048 or SM2 (4.4.1 b)", key.Curve.Params().Name)
	}
	return nil, errors.New("private key: neither RSA nor SM2 (4.4.1 b)")
}

type rsaKey struct{ private *rsa.PrivateKey }

// Decrypt wants the one block of RSA-2048.
func (k rsaKey) Decrypt(ciphertext []byte) ([]byte, error) {
	if len(ciphertext) != supplement.CiphertextLen {
		return nil, fmt.Errorf("%d bytes, want the %d of RSA-2048", len(ciphertext), supplement.CiphertextLen)
	}
	plaintext, err := rsa.DecryptPKCS1v15(nil, k.private, ciphertext) //nolint:staticcheck // what the regulation demands
	if err != nil {
		return nil, ErrNotOpened
	}
	return plaintext, nil
}

// CiphertextLen is one length: that of the modulus.
func (rsaKey) CiphertextLen() (shortest, longest int) {
	return supplement.CiphertextLen, supplement.CiphertextLen
}

type sm2Key struct{ private *sm2.PrivateKey }

// sm2Form is the raw form. The library would take compressed and ASN.1 ones too.
var sm2Form = sm2.NewPlainDecrypterOpts(sm2.C1C3C2)

// Decrypt wants 0x04 ‖ x ‖ y ‖ C3 ‖ C2.
func (k sm2Key) Decrypt(ciphertext []byte) ([]byte, error) {
	switch {
	case len(ciphertext) <= supplement.SM2Overhead:
		return nil, fmt.Errorf("%d bytes, SM2 makes more than %d", len(ciphertext), supplement.SM2Overhead)
	case ciphertext[0] == asn1Sequence:
		return nil, errors.New("begins with 0x30: SM2 in the ASN.1 form, want the raw C1C3C2 form that begins with 0x04")
	case ciphertext[0] != uncompressed:
		return nil, fmt.Errorf("begins with %#02x: no SM2 ciphertext in the raw C1C3C2 form, which begins with 0x04", ciphertext[0])
	}
	plaintext, err := k.private.Decrypt(nil, ciphertext, sm2Form)
	if err != nil {
		return nil, ErrNotOpened
	}
	return plaintext, nil
}

// CiphertextLen grows with the plaintext.
func (sm2Key) CiphertextLen() (shortest, longest int) {
	return supplement.SM2Overhead + supplement.MinSM2Plaintext, supplement.SM2Overhead + supplement.MaxPlaintext
}

// The first byte of a ciphertext, by its form.
const (
	uncompressed = 0x04
	asn1Sequence = 0x30
)
