package relay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/certificates"
)

// TestDigestOfCertificate: of the first certificate of a file, and of nothing else that an operator may hand in by mistake.
func TestDigestOfCertificate(t *testing.T) {
	authority := certificates.New(t)
	pair := authority.Issue(t, "relay", time.Now().Add(time.Hour))
	block, _ := pem.Decode(pair.Cert)
	sum := sha256.Sum256(block.Bytes)
	want := CertDigest(hex.EncodeToString(sum[:]))
	for _, text := range [][]byte{pair.Cert, slices.Concat([]byte("subject=CN = relay\n"), pair.Cert, authority.PEM)} {
		if got, err := DigestOfCertificate(text); got != want || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	for what, test := range map[string]struct {
		text []byte
		says string
	}{
		"its key":               {pair.Key, "private key"},
		"both":                  {slices.Concat(pair.Cert, pair.Key), "private key"},
		"nothing":               {nil, "no PEM block"},
		"DER":                   {block.Bytes, "no PEM block"},
		"a public key":          {[]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "no PEM block of type CERTIFICATE"},
		"a broken one":          {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes[:100]}), "it is no certificate"},
		"64 hexadecimal digits": {[]byte(strings.Repeat("a", 64)), "no PEM block"},
	} {
		if _, err := DigestOfCertificate(test.text); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", what, err, test.says)
		}
	}
	p := NewPermission("relay_a_1")
	other := [32]byte{1}
	if !p.AdmitsCertificate(nil) || !p.AdmitsCertificate(&other) {
		t.Error("a relay for which no certificate is named needs one")
	}
	p.ClientCerts = []CertDigest{want}
	if p.AdmitsCertificate(nil) || p.AdmitsCertificate(&other) || !p.AdmitsCertificate(&sum) {
		t.Error("the certificate that is named is not the only one")
	}
}
