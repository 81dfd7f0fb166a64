package collect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/keypair"
)

// The ciphertext opens to the string; each one is another.
func TestSealOpens(t *testing.T) {
	r, err := Collect(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := terminalinfo.Parse(r.Text()); err != nil {
		t.Fatalf("the string of this machine: %v", err)
	}
	for _, pair := range []*keypair.Pair{keypair.RSA(1), keypair.SM2(1)} {
		key, err := ParseKey("1.0", pair.Public)
		if err != nil {
			t.Fatal(err)
		}
		private, err := testkey.Parse(pair.Private)
		if err != nil {
			t.Fatal(err)
		}
		info, err := r.Seal(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Seal(key)
		if err != nil || bytes.Equal(info.Ciphertext, again.Ciphertext) {
			t.Errorf("%s: sealed twice to one ciphertext, %v", key.Algorithm(), err)
		}
		text, err := private.Decrypt(info.Ciphertext)
		if err != nil || string(text) != r.Text() {
			t.Errorf("%s: opened to %q, %v; want %q", key.Algorithm(), text, err, r.Text())
		}
		if info.KeyVersion != "1.0" || info.AbnormalFlag != r.Flag() {
			t.Errorf("%s: version %q, flag %c", key.Algorithm(), info.KeyVersion, info.AbnormalFlag)
		}
		field := info.Append(nil)
		if want := fmt.Sprintf("1.0     %c%s", r.Flag(), info.Ciphertext); string(field) != want {
			t.Errorf("%s: the field is %q, want %q", key.Algorithm(), field, want)
		}
	}
}

// An editor's byte-order mark before the key is no part of it.
func TestMarkedKey(t *testing.T) {
	if _, err := ParseKey("1.0", append([]byte("\ufeff"), keypair.RSA(1).Public...)); err != nil {
		t.Error(err)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	good := keypair.RSA(1)
	for _, tt := range []struct {
		name, version string
		pem           []byte
		problem       string
	}{
		{"private", "1.0", good.Private, "PRIVATE key"},
		{"not PEM", "1.0", []byte("key"), "no PEM block"},
		{"nothing", "1.0", nil, "no PEM block"},
		{"no version", "", good.Public, "0 bytes; want 1 to 8"},
		{"long version", "123456789", good.Public, "9 bytes"},
		{"version with a space", "1 0", good.Public, "without spaces"},
		{"version with a separator", "1@0", good.Public, "without spaces"},
		{"version with a newline", "1.0\n", good.Public, "without spaces"},
		{"1024 bits", "1.0", []byte(rsa1024), "RSA with 1024 bits"},
	} {
		if key, err := ParseKey(tt.version, tt.pem); err == nil || key != nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.problem)
		}
	}
}

// rsa1024 is the public half of a key that was made for this test.
const rsa1024 = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDF7wtDqE5iAILFxwKGo+twR697
zqHm9+MnUPAhydjjL40EvSPVslBvxo+4bpH4n3u81Pov4WKnt4oDQigFUmIJDexB
BAwVIomHG+FCvrQfNyAF7ahejMyIMhx2F/1TQk97l8YPO0wmOOK0TBn0HMQ7U3z5
Lg1QafVz00nP7XqNlwIDAQAB
-----END PUBLIC KEY-----
`
