package supplement

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/keypair"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// ecPublicKey is a SubjectPublicKeyInfo of an elliptic curve that need not be one Go knows.
func ecPublicKey(curve asn1.ObjectIdentifier) []byte {
	return block("PUBLIC KEY", must(asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{
		pkix.AlgorithmIdentifier{Algorithm: oidEC, Parameters: asn1.RawValue{FullBytes: must(asn1.Marshal(curve))}},
		asn1.BitString{Bytes: bytes.Repeat([]byte{4}, 65), BitLength: 65 * 8},
	})))
}

func TestParsePublicKey(t *testing.T) {
	private := keypair.RSA(0).RSA
	der := must(x509.MarshalPKIXPublicKey(&private.PublicKey))
	good := block("PUBLIC KEY", der)
	withExponent := func(e int) []byte {
		return publicPEM(t, &rsa.PublicKey{N: private.N, E: e})
	}
	withModulus := func(n *big.Int) []byte { return publicPEM(t, &rsa.PublicKey{N: n, E: 65537}) }
	certificate := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, &private.PublicKey, private))
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, edPrivate, _ := ed25519.GenerateKey(rand.Reader)

	for _, tt := range []struct {
		name    string
		in      []byte
		fault   KeyFault // 0 for none
		explain string
	}{
		{"good", good, 0, ""},
		{"text before it", append([]byte("granted 2025-01-01\n"), good...), 0, ""},
		{"CRLF, empty lines after it", append(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), "\r\n\r\n"...), 0, ""},
		{"empty", nil, KeyNotPEM, "BEGIN PUBLIC KEY"},
		{"DER", der, KeyNotPEM, "BEGIN PUBLIC KEY"},
		{"base64 without its frame", good[27:], KeyNotPEM, "BEGIN PUBLIC KEY"},
		{"private key, PKCS#8", block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(private))), KeyPrivate, "never put a private key on a front"},
		{"private key, PKCS#1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private)), KeyPrivate, "never put"},
		{"private key, encrypted", block("ENCRYPTED PRIVATE KEY", der), KeyPrivate, "never put"},
		{"private key, damaged", []byte("-----BEGIN PRIVATE KEY-----\n???"), KeyPrivate, "never put"},
		{"public key, then a private one", append(bytes.Clone(good), block("PRIVATE KEY", der)...), KeyPrivate, "never put"},
		{"certificate", block("CERTIFICATE", certificate), KeyCertificate, "openssl x509 -in FILE -pubkey -noout"},
		{"PKCS#1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), KeyPKCS1, "openssl rsa -RSAPublicKey_in -in FILE -pubout"},
		{"other PEM type", block("CERTIFICATE REQUEST", der), KeyWrongPEMType, "PUBLIC KEY"},
		{"two keys", append(bytes.Clone(good), good...), KeyTrailing, "one key a file"},
		{"text after it", append(bytes.Clone(good), "x"...), KeyTrailing, "one key a file"},
		{"bytes after it, inside", block("PUBLIC KEY", append(bytes.Clone(der), 0)), KeyTrailing, "inside"},
		{"cut DER", block("PUBLIC KEY", der[:len(der)-1]), KeyMalformed, "SubjectPublicKeyInfo"},
		{"not DER", block("PUBLIC KEY", []byte("hello")), KeyMalformed, "SubjectPublicKeyInfo"},
		{"PKCS#1 inside PUBLIC KEY", block("PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), KeyMalformed, "SubjectPublicKeyInfo"},
		{"SM2", sm2PublicKey(t), 0, ""},
		{"SM2 as an algorithm of its own", sm2AsAlgorithm(t), 0, ""},
		{"SM2, not on the curve", ecPublicKey(oidSM2), KeyMalformed, "no uncompressed point"},
		{"P-256", publicPEM(t, &p256.PublicKey), KeyAlgorithm, "neither an RSA nor an SM2 key"},
		{"unknown curve", ecPublicKey(asn1.ObjectIdentifier{1, 3, 132, 0, 10}), KeyAlgorithm, "RSA-2048"},
		{"Ed25519", publicPEM(t, edPrivate.Public()), KeyAlgorithm, "RSA-2048"},
		{"RSA-1024", withModulus(new(big.Int).Rsh(private.N, 1024)), KeySize, "1024 bits"},
		{"2047 bits", withModulus(new(big.Int).Rsh(private.N, 1)), KeySize, "2047 bits"},
		{"4096 bits", withModulus(new(big.Int).SetBit(private.N, 4095, 1)), KeySize, "4096 bits"},
		{"exponent even", withExponent(65538), KeyExponent, "even"},
		{"exponent 1", withExponent(1), KeyExponent, "too small"},
		{"exponent 3", withExponent(3), KeyExponent, "too small"},
		{"exponent 33 bits", withExponent(1<<32 + 1), KeyExponent, "over 31 bits"},
		{"modulus even", withModulus(new(big.Int).SetBit(private.N, 0, 0)), KeyMalformed, "even"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			encrypter, err := ParsePublicKey(tt.in)
			if tt.fault == 0 {
				if err != nil || encrypter == nil {
					t.Fatal(err)
				}
				return
			}
			var fault *KeyError
			if !errors.As(err, &fault) || fault.Fault != tt.fault || !strings.Contains(err.Error(), tt.explain) || encrypter != nil {
				t.Fatalf("error %v, want fault %v with %q", err, tt.fault, tt.explain)
			}
		})
	}
}

func TestKeyFaultWords(t *testing.T) {
	seen := make(map[string]bool)
	for f := KeyNotPEM; f <= KeyExponent; f++ {
		if word := f.String(); word == "" || word == "invalid" || seen[word] {
			t.Errorf("fault %d has the word %q", f, word)
		} else {
			seen[word] = true
		}
	}
	if KeyFault(0).String() != "invalid" || (KeyExponent+1).String() != "invalid" {
		t.Error("a fault outside the set has a word")
	}
}
