package testkey

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/supplement"
)

func openssl(t testing.TB, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("openssl", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, &stderr)
	}
	return out
}

// pair is a key pair that OpenSSL made.
type pair struct {
	private, public string // paths
	key             Decrypter
	encrypter       supplement.Encrypter
}

var generate = map[string][]string{
	"rsa": {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	"sm2": {"-algorithm", "SM2"},
}

func newPair(t testing.TB, algorithm string) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{private: filepath.Join(dir, "private.pem"), public: filepath.Join(dir, "public.pem")}
	openssl(t, append([]string{"genpkey", "-out", p.private}, generate[algorithm]...)...)
	openssl(t, "pkey", "-in", p.private, "-pubout", "-out", p.public)
	var err error
	if p.key, err = Parse(read(t, p.private)); err != nil {
		t.Fatal(err)
	}
	if p.encrypter, err = supplement.ParsePublicKey(read(t, p.public)); err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What supplement encrypts under a pair of OpenSSL's making opens; what is cut, changed
// or encrypted for another does not.
func TestDecrypt(t *testing.T) {
	for algorithm := range generate {
		t.Run(algorithm, func(t *testing.T) {
			p, other := newPair(t, algorithm), newPair(t, algorithm)
			for _, n := range []int{supplement.MinSM2Plaintext, 100, supplement.MaxPlaintext} {
				plaintext := bytes.Repeat([]byte("x"), n)
				sealed, err := p.encrypter.Encrypt(nil, plaintext)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := p.key.Decrypt(sealed); err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
				}
				refuses(t, "another key", other.key, sealed, plaintext)
				refuses(t, "cut", p.key, sealed[:len(sealed)-1], plaintext)
				refuses(t, "longer", p.key, append(bytes.Clone(sealed), 0), plaintext)
				for _, at := range []int{1, 40, 70, len(sealed) - 1} {
					changed := bytes.Clone(sealed)
					changed[at] ^= 1
					refuses(t, "changed", p.key, changed, plaintext)
				}
			}
			refuses(t, "empty", p.key, nil, nil)
		})
	}
}

// refuses wants an error, or, which PKCS#1 v1.5 cannot exclude, another text.
func refuses(t *testing.T, name string, key Decrypter, ciphertext, plaintext []byte) {
	t.Helper()
	if got, err := key.Decrypt(ciphertext); err == nil && bytes.Equal(got, plaintext) {
		t.Errorf("%s: %d bytes opened", name, len(ciphertext))
	}
}

func TestDecryptAnotherKeysIsNotOpened(t *testing.T) {
	p, other := newPair(t, "sm2"), newPair(t, "sm2")
	sealed, err := other.encrypter.Encrypt(nil, []byte("a text of 19 bytes."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.key.Decrypt(sealed); !errors.Is(err, ErrNotOpened) {
		t.Errorf("%v, want ErrNotOpened", err)
	}
}

// OpenSSL encrypts; its ASN.1 form is converted here by hand, and refused unconverted.
func TestDecryptSM2OfOpenSSL(t *testing.T) {
	p := newPair(t, "sm2")
	for _, n := range []int{supplement.MinSM2Plaintext, 31, 32, 33, 123, supplement.MaxPlaintext} {
		plaintext := bytes.Repeat([]byte{0xA5}, n)
		in := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(in, plaintext, 0o600); err != nil {
			t.Fatal(err)
		}
		sealed := openssl(t, "pkeyutl", "-encrypt", "-pubin", "-inkey", p.public, "-in", in)
		if _, err := p.key.Decrypt(sealed); err == nil || !strings.Contains(err.Error(), "ASN.1 form") {
			t.Errorf("%d bytes in the ASN.1 form: %v", n, err)
		}
		got, err := p.key.Decrypt(toRaw(t, sealed))
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
		}
	}
}

func toRaw(t testing.TB, sealed []byte) []byte {
	t.Helper()
	var c struct {
		X, Y     *big.Int
		Hash, C2 []byte
	}
	if rest, err := asn1.Unmarshal(sealed, &c); err != nil || len(rest) > 0 {
		t.Fatalf("%v, %d bytes left", err, len(rest))
	}
	raw := append([]byte{4}, c.X.FillBytes(make([]byte, 32))...)
	raw = append(raw, c.Y.FillBytes(make([]byte, 32))...)
	return append(append(raw, c.Hash...), c.C2...)
}

func TestDecryptOtherForms(t *testing.T) {
	p := newPair(t, "sm2")
	for first, words := range map[byte]string{2: "begins with 0x02", 3: "begins with 0x03", 0: "begins with 0x00", 0x30: "ASN.1"} {
		sealed := make([]byte, 120)
		sealed[0] = first
		if _, err := p.key.Decrypt(sealed); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("first byte %#x: %v", first, err)
		}
	}
	if _, err := newPair(t, "rsa").key.Decrypt(make([]byte, 255)); err == nil || !strings.Contains(err.Error(), "255 bytes, want the 256") {
		t.Errorf("RSA, 255 bytes: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	p := newPair(t, "rsa")
	private, public := read(t, p.private), read(t, p.public)
	for _, tt := range []struct {
		name    string
		pem     []byte
		problem string
	}{
		{"empty", nil, "BEGIN PRIVATE KEY"},
		{"public", public, "public key"},
		{"two", append(bytes.Clone(private), private...), "one key a file"},
		{"PKCS#1 encrypted", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n"), "it is encrypted"},
		{"not PKCS#1", []byte("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n"), "does not hold an RSA key"},
		{"encrypted", openssl(t, "pkcs8", "-topk8", "-in", p.private, "-passout", "pass:x"), "openssl pkcs8 -topk8 -nocrypt"},
		{"RSA-1024", openssl(t, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), "RSA with 1024 bits"},
		{"P-256", openssl(t, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "curve P-256"},
		{"Ed25519", openssl(t, "genpkey", "-algorithm", "ED25519"), "neither RSA nor SM2"},
		{"request", []byte("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"), "want PRIVATE KEY"},
		{"not PKCS#8", []byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), "does not hold a PKCS#8 key"},
	} {
		if key, err := Parse(tt.pem); err == nil || key != nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.problem)
		}
	}
	if _, err := Parse(append([]byte("test pair of 2026\n"), private...)); err != nil {
		t.Errorf("text before the block: %v", err)
	}
	if _, err := Parse(openssl(t, "rsa", "-in", p.private, "-traditional")); err != nil {
		t.Errorf("PKCS#1: %v", err)
	}
}

// What serves terminals must not be able to decrypt: no room that a login walks through
// imports this package.
func TestNoFrontImportsThis(t *testing.T) {
	const module = "github.com/tradefront/tradefront/internal/"
	args := []string{"list", "-deps"}
	for _, room := range []string{"front", "session", "gateway", "auth", "core", "supplement", "store", "ops", "config", "calendar"} {
		args = append(args, module+room)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), module+"supplement\n") || strings.Contains(string(out), "testkey") {
		t.Errorf("the rooms of a front import\n%s", out)
	}
}
