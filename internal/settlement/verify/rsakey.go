package verify

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// RSAKey opens RSA-2048 PKCS#1 v1.5 ciphertexts (4.4.1 b).
type RSAKey struct{ private *rsa.PrivateKey }

// ParseRSAKey reads a test key: one PEM block, PKCS#8 or PKCS#1, not encrypted. The error
// says what the file is instead and never contains any part of it.
func ParseRSAKey(pemBytes []byte) (*RSAKey, error) {
	block, rest := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("no PEM block; want a file that starts with -----BEGIN PRIVATE KEY-----")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("something follows the key; want one key a file")
	}
	var (
		parsed any
		err    error
	)
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errEncrypted
		}
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errEncrypted
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return nil, errors.New("a public key; opening a report takes the private half of a test pair")
	default:
		return nil, errors.New("the PEM block is of another type; want PRIVATE KEY")
	}
	private, isRSA := parsed.(*rsa.PrivateKey)
	switch {
	case err != nil:
		return nil, errors.New("the block does not hold a private key that can be read")
	case !isRSA:
		return nil, errors.New("not an RSA key")
	case private.N.BitLen() != RSALen*8:
		return nil, fmt.Errorf("RSA with %d bits; the regulation asks for 2048 (4.4.1 b)", private.N.BitLen())
	}
	return &RSAKey{private}, nil
}

var errEncrypted = errors.New("the key is encrypted; decrypt it with: openssl pkey -in FILE -out PLAIN")

// Decrypt opens a ciphertext. That it tells whether the padding was right would let a
// stranger use it as an oracle: here whoever asks has the key.
func (k *RSAKey) Decrypt(ciphertext []byte) ([]byte, error) {
	return rsa.DecryptPKCS1v15(nil, k.private, ciphertext) //nolint:staticcheck // what the regulation demands
}
