package supplement

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"github.com/tradefront/tradefront/internal/regulation"
)

func newSM2Pair(t testing.TB) (*sm2.PrivateKey, *PublicKey) {
	t.Helper()
	private := must(sm2.GenerateKey(rand.Reader))
	public, err := ParsePublicKey(sm2SPKI(private, oidEC, oidSM2))
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// sm2SPKI writes the public half with the given algorithm and parameters.
func sm2SPKI(private *sm2.PrivateKey, algorithm, parameters asn1.ObjectIdentifier) []byte {
	id := pkix.AlgorithmIdentifier{Algorithm: algorithm}
	if parameters != nil {
		id.Parameters = asn1.RawValue{FullBytes: must(asn1.Marshal(parameters))}
	}
	point := append([]byte{4}, private.X.FillBytes(make([]byte, 32))...)
	point = append(point, private.Y.FillBytes(make([]byte, 32))...)
	return block("PUBLIC KEY", must(asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{id, asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})))
}

func sm2PublicKey(t testing.TB) []byte {
	t.Helper()
	return sm2SPKI(must(sm2.GenerateKey(rand.Reader)), oidEC, oidSM2)
}

func sm2AsAlgorithm(t testing.TB) []byte {
	t.Helper()
	return sm2SPKI(must(sm2.GenerateKey(rand.Reader)), oidSM2, nil)
}

func TestKeyInfo(t *testing.T) {
	_, rsaPublic := newPair(t)
	sm2PEM := sm2PublicKey(t)
	der, _ := pem.Decode(sm2PEM)
	want := KeyInfo{SM2, 256, sha256.Sum256(der.Bytes)}
	if got := must(ParsePublicKey(sm2PEM)).Info; got != want {
		t.Errorf("SM2: %+v, want %+v", got, want)
	}
	if got := rsaPublic.Info; got.Algorithm != RSA || got.Bits != 2048 || got.Fingerprint == want.Fingerprint {
		t.Errorf("RSA: %+v", got)
	}
	for a, word := range []string{"invalid", "rsa", "sm2", "invalid"} {
		if got := Algorithm(a).String(); got != word {
			t.Errorf("algorithm %d is %q, want %q", a, got, word)
		}
	}
}

// The edges of what an SM2 key takes: up to what fits an RSA block.
var sm2Edges = []int{MinSM2Plaintext, MinSM2Plaintext + 1, 31, 32, 33, MaxDirectLen, MaxRelayLen, MaxPlaintext - 1, MaxPlaintext}

func TestEncryptSM2(t *testing.T) {
	private, public := newSM2Pair(t)
	shortest, longest := public.CiphertextLen()
	if shortest != 113 || longest != 342 {
		t.Errorf("ciphertexts of %d to %d bytes, want 113 to 342", shortest, longest)
	}
	for _, n := range sm2Edges {
		plaintext := bytes.Repeat([]byte{0xA5}, n)
		sealed := must(public.Encrypt([]byte("before"), plaintext))
		ciphertext, ok := bytes.CutPrefix(sealed, []byte("before"))
		if !ok || len(ciphertext) != 97+n || ciphertext[0] != 4 {
			t.Errorf("%d bytes: %d bytes of ciphertext, %x", n, len(ciphertext), ciphertext)
		}
		got, err := private.Decrypt(nil, ciphertext, sm2.NewPlainDecrypterOpts(sm2.C1C3C2))
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
		}
		if bytes.Equal(ciphertext, mustEncrypt(t, public, plaintext)) {
			t.Errorf("%d bytes: encrypted twice to the same ciphertext", n)
		}
	}
}

func TestEncryptSM2Refuses(t *testing.T) {
	_, public := newSM2Pair(t)
	var long *PlaintextTooLongError
	if got, err := public.Encrypt([]byte("before"), make([]byte, MaxPlaintext+1)); !errors.As(err, &long) || string(got) != "before" {
		t.Errorf("too long: %q, %v", got, err)
	}
	var short *PlaintextTooShortError
	for _, n := range []int{0, 1, MinSM2Plaintext - 1} {
		if got, err := public.Encrypt([]byte("before"), make([]byte, n)); !errors.As(err, &short) || short.Len != n || string(got) != "before" {
			t.Errorf("%d bytes: %q, %v", n, got, err)
		}
	}
}

// asn1Ciphertext is the form that OpenSSL reads and writes (GM/T 0009).
type asn1Ciphertext struct {
	X, Y     *big.Int
	Hash, C2 []byte
}

func toASN1(t testing.TB, raw []byte) []byte {
	t.Helper()
	return must(asn1.Marshal(asn1Ciphertext{
		new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:65]), raw[65:97], raw[97:],
	}))
}

// OpenSSL makes the key pair and decrypts; the forms are converted here by hand, so that
// nothing of the library is on the other side.
func TestEncryptSM2DecryptsWithOpenSSL(t *testing.T) {
	dir := t.TempDir()
	private, sealed := filepath.Join(dir, "private.pem"), filepath.Join(dir, "sealed")
	openssl(t, "genpkey", "-algorithm", "SM2", "-out", private)
	public, err := ParsePublicKey(openssl(t, "pkey", "-in", private, "-pubout"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sm2Edges {
		plaintext := bytes.Repeat([]byte{0xA5}, n)
		if err := os.WriteFile(sealed, toASN1(t, mustEncrypt(t, public, plaintext)), 0o600); err != nil {
			t.Fatal(err)
		}
		got := openssl(t, "pkeyutl", "-decrypt", "-inkey", private, "-in", sealed)
		if !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
}

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

// A terminal's ciphertext is judged by the key of the version that it names, not by the
// newest: both algorithms may be valid while terminals change over.
func TestAssessLengthByTheKeyOfItsVersion(t *testing.T) {
	_, rsaPublic := newPair(t)
	_, sm2Public := newSM2Pair(t)
	ring := mustRing(t, Key{Version: "rsa", Encrypter: rsaPublic}, Key{Version: "sm2", Encrypter: sm2Public})
	for _, tt := range []struct {
		version string
		length  int
		good    bool
	}{
		{"rsa", 256, true},
		{"rsa", 255, false},
		{"rsa", 200, false},
		{"rsa", 264, false},
		{"sm2", 112, false},
		{"sm2", 113, true},
		{"sm2", 200, true},
		{"sm2", 256, true},
		{"sm2", 264, true},
		{"sm2", 342, true},
		{"sm2", 343, false},
		{"sm2", 350, false},
	} {
		info := TerminalInfo{[]byte(tt.version), '0', append([]byte{4}, make([]byte, tt.length-1)...)}
		got, err := Assess(info, ring, at("2026-01-05 09:00:00"))
		want := map[bool]Problem{true: NoProblem, false: TerminalInfoLength}[tt.good]
		if err != nil || got.Problem != want || got.Key.Version != tt.version {
			t.Errorf("%s, %d bytes: %v under %v, %v; want %v", tt.version, tt.length, got.Problem, got.Key, err, want)
		}
	}
}

// The ASN.1 form has a length that the raw form can have, and the receiver of the report does not open it. RSA has no form.
func TestAssessFormByTheKeyOfItsVersion(t *testing.T) {
	_, rsaPublic := newPair(t)
	private, sm2Public := newSM2Pair(t)
	ring := mustRing(t, Key{Version: "rsa", Encrypter: rsaPublic}, Key{Version: "sm2", Encrypter: sm2Public})
	plaintext := make([]byte, 100)
	begins := func(first byte, n int) []byte { return append([]byte{first}, make([]byte, n-1)...) }
	type row struct {
		name, version string
		own           byte
		ciphertext    []byte
		flag          regulation.AbnormalFlag
		problem       Problem
	}
	rows := []row{
		{"our own", "sm2", '0', must(sm2Public.Encrypt(nil, plaintext)), '0', NoProblem},
		{"ASN.1", "sm2", '0', must(sm2.EncryptASN1(rand.Reader, &private.PublicKey, plaintext)), '3', TerminalInfoForm},
		{"length wins", "sm2", '0', begins(0x30, 112), '3', TerminalInfoLength},
		{"form wins over an invalid own flag", "sm2", 'x', begins(0x30, 200), '3', TerminalInfoForm},
		{"form wins over own flag", "sm2", '2', begins(0x30, 200), '3', TerminalInfoForm},
		{"version wins over form", "none", '0', begins(0x30, 200), '2', KeyVersionUnknown},
	}
	for first := range 256 {
		rows = append(rows, row{"RSA", "rsa", '0', begins(byte(first), 256), '0', NoProblem})
		if first != 0x04 {
			rows = append(rows, row{"SM2", "sm2", '0', begins(byte(first), 256), '3', TerminalInfoForm})
		}
	}
	for _, c := range rows {
		got, err := Assess(TerminalInfo{[]byte(c.version), c.own, c.ciphertext}, ring, at("2026-01-05 09:00:00"))
		if err != nil || got.Flag != c.flag || got.Problem != c.problem {
			t.Errorf("%s, first byte %#02x: flag %v, %v, %v; want flag %v, %v", c.name, c.ciphertext[0], got.Flag, got.Problem, err, c.flag, c.problem)
		}
	}
}

func BenchmarkEncryptSM2(b *testing.B) {
	_, public := newSM2Pair(b)
	plaintext, dst := make([]byte, MaxDirectLen), make([]byte, 0, SM2Overhead+MaxDirectLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := public.Encrypt(dst, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}
