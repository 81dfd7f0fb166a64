package relay

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CertDigest is the SHA-256 of a certificate (its DER), 64 hex digits in small letters. It names one certificate, and with it the key
// pair that its owner must have.
type CertDigest string

// certDigestLen is a SHA-256 in hex.
const certDigestLen = 2 * sha256.Size

// ParseCertDigest reads 64 hex digits, also as openssl writes them, with colons and in capitals.
func ParseCertDigest(s string) (CertDigest, error) {
	lower := strings.ToLower(strings.ReplaceAll(s, ":", ""))
	if _, err := hex.DecodeString(lower); err != nil || len(lower) != certDigestLen {
		return "", fmt.Errorf("%.80q is no SHA-256 of a certificate: want %d hex digits", s, certDigestLen)
	}
	return CertDigest(lower), nil
}

// DigestOfCertificate reads a client's certificate in PEM form: the first of the file, behind which those between it and its
// authority may follow. A file with a private key is refused: it is to stay with the relay.
func DigestOfCertificate(text []byte) (CertDigest, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return "", errors.New("it holds a private key, which is to stay with the relay: want its certificate alone")
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return "", errors.New("no PEM block of type CERTIFICATE")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return "", fmt.Errorf("it is no certificate: %w", err)
	}
	sum := sha256.Sum256(block.Bytes)
	return CertDigest(hex.EncodeToString(sum[:])), nil
}

// AdmitsCertificate reports whether a relay may come with the certificate of that digest, nil for none.
func (p *Permission) AdmitsCertificate(digest *[sha256.Size]byte) bool {
	if len(p.ClientCerts) == 0 {
		return true
	}
	return digest != nil && slices.Contains(p.ClientCerts, CertDigest(hex.EncodeToString(digest[:])))
}
