package supplement

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/test/keypair"
)

// newPair is a key pair of the monitoring centre's, with the public half read: the same at each call.
func newPair(t testing.TB) (*rsa.PrivateKey, *PublicKey) {
	t.Helper()
	pair := keypair.RSA(0)
	encrypter, err := ParsePublicKey(pair.Public)
	if err != nil {
		t.Fatal(err)
	}
	return pair.RSA, encrypter
}

func publicPEM(t testing.TB, pub any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func mustEncrypt(t testing.TB, e Encrypter, plaintext []byte) []byte {
	t.Helper()
	ciphertext, err := e.Encrypt(nil, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext
}

// edges are the lengths at which padding could go wrong, and the longest real strings.
var edges = []int{0, 1, 2, MaxDirectLen, MaxRelayLen, MaxPlaintext - 1, MaxPlaintext}

func TestEncryptDecryptsWithCryptoRSA(t *testing.T) {
	private, encrypter := newPair(t)
	for _, n := range edges {
		plaintext := bytes.Repeat([]byte{0xA5}, n)
		ciphertext := mustEncrypt(t, encrypter, plaintext)
		got, err := rsa.DecryptPKCS1v15(nil, private, ciphertext)
		if err != nil || !bytes.Equal(got, plaintext) || len(ciphertext) != CiphertextLen {
			t.Errorf("%d bytes: %d bytes of ciphertext, %v", n, len(ciphertext), err)
		}
		if bytes.Equal(ciphertext, mustEncrypt(t, encrypter, plaintext)) {
			t.Errorf("%d bytes: encrypted twice to the same ciphertext", n)
		}
	}
}

// OpenSSL makes the key pair and decrypts: nothing of Go's on the other side.
func TestEncryptDecryptsWithOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("this test needs the openssl command: ", err)
	}
	dir := t.TempDir()
	private, sealed := filepath.Join(dir, "private.pem"), filepath.Join(dir, "sealed")
	run := func(args ...string) []byte {
		t.Helper()
		var stderr bytes.Buffer
		cmd := exec.Command(openssl, args...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, &stderr)
		}
		return out
	}
	run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
	encrypter, err := ParsePublicKey(run("pkey", "-in", private, "-pubout"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range edges {
		plaintext := bytes.Repeat([]byte{0xA5}, n)
		if err := os.WriteFile(sealed, mustEncrypt(t, encrypter, plaintext), 0o600); err != nil {
			t.Fatal(err)
		}
		got := run("pkeyutl", "-decrypt", "-inkey", private, "-in", sealed, "-pkeyopt", "rsa_padding_mode:pkcs1")
		if !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
}

func TestEncryptTooLong(t *testing.T) {
	_, encrypter := newPair(t)
	got, err := encrypter.Encrypt([]byte("before"), make([]byte, MaxPlaintext+1))
	var long *PlaintextTooLongError
	if !errors.As(err, &long) || long.Len != 246 || string(got) != "before" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestEncryptAppends(t *testing.T) {
	private, encrypter := newPair(t)
	plaintext := []byte("supplement")
	dst, err := encrypter.Encrypt([]byte("before"), plaintext)
	if err != nil || !bytes.HasPrefix(dst, []byte("before")) || string(plaintext) != "supplement" {
		t.Fatalf("%q, %v", dst, err)
	}
	if got, err := rsa.DecryptPKCS1v15(nil, private, dst[len("before"):]); err != nil || string(got) != "supplement" {
		t.Fatalf("%q, %v", got, err)
	}
}

// The block as RFC 8017 7.2.1 has it, and its padding: no zeros, and every other byte
// equally often (chi-squared with 254 degrees of freedom stays below 380 but once in 10^6
// runs; a zero mapped to any one other byte would show as thousands).
func TestPadding(t *testing.T) {
	private, encrypter := newPair(t)
	var count [256]int
	total := 0
	add := func(padding []byte) {
		for _, b := range padding {
			count[b]++
			total++
		}
	}
	block := raw(private, mustEncrypt(t, encrypter, []byte("xyz")))
	if block[0] != 0 || block[1] != 2 || string(block[252:]) != "\x00xyz" {
		t.Fatalf("block %x", block)
	}
	add(block[2:252])
	var b rsaBlock
	for range 2000 {
		b.pad([]byte("xyz"))
		add(b.padded[2:252])
	}
	if count[0] != 0 {
		t.Fatalf("%d zeros in the padding", count[0])
	}
	expected, chi := float64(total)/255, 0.0
	for _, n := range count[1:] {
		d := float64(n) - expected
		chi += d * d / expected
	}
	if chi > 380 {
		t.Fatalf("chi-squared %.1f: the padding is not uniform", chi)
	}
}

// raw is RSA decryption without looking at the padding.
func raw(private *rsa.PrivateKey, ciphertext []byte) []byte {
	c := new(big.Int).SetBytes(ciphertext)
	return c.Exp(c, private.D, private.N).FillBytes(make([]byte, CiphertextLen))
}

func TestEncryptConcurrently(t *testing.T) {
	private, encrypter := newPair(t)
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			plaintext := bytes.Repeat([]byte{byte('a' + i)}, 10*i)
			for range 10 {
				ciphertext, err := encrypter.Encrypt(nil, plaintext)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := rsa.DecryptPKCS1v15(nil, private, ciphertext); err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("worker %d: %q, %v", i, got, err)
					return
				}
			}
		})
	}
	workers.Wait()
}

func BenchmarkEncrypt(b *testing.B) {
	_, encrypter := newPair(b)
	plaintext, dst := make([]byte, MaxDirectLen), make([]byte, 0, CiphertextLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encrypter.Encrypt(dst, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncryptCryptoRSA is what BenchmarkEncrypt is held against: at most 0.7 of it.
func BenchmarkEncryptCryptoRSA(b *testing.B) {
	private, _ := newPair(b)
	plaintext := make([]byte, MaxDirectLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}
