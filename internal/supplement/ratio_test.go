package supplement

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/keypair"
)

// BenchmarkEncryptRatio takes turns with crypto/rsa, a few calls each, so that both see
// the same machine however its speed drifts, and reports our share of its time.
func BenchmarkEncryptRatio(b *testing.B) {
	const turn = 32
	private := keypair.RSA(0).RSA
	ours, err := newRSAKey(&private.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	plaintext := make([]byte, MaxDirectLen)
	var dst []byte
	var our, their time.Duration
	for b.Loop() {
		begin := time.Now()
		for range turn {
			if dst, err = ours.Encrypt(dst[:0], plaintext); err != nil {
				b.Fatal(err)
			}
		}
		middle := time.Now()
		for range turn {
			if _, err = rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, plaintext); err != nil {
				b.Fatal(err)
			}
		}
		our, their = our+middle.Sub(begin), their+time.Since(middle)
	}
	b.ReportMetric(float64(our)/float64(their), "ours/crypto-rsa")
	b.ReportMetric(0, "ns/op") // of both together, which means nothing
}
