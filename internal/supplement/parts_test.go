package supplement

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"filippo.io/bigmod"

	"github.com/tradefront/tradefront/test/keypair"
)

// BenchmarkEncryptParts shows what an encryption consists of, turn by turn with crypto/rsa, each as a share of crypto/rsa's
// time: one multiplication modulo the key, of which an exponent of 65537 needs 19 (into the form of Montgomery, 16 squarings, one
// multiplication, out of the form); the padding; the preparation of the modulus, which crypto/rsa makes at each call. docs/performance.md
// argues from it.
func BenchmarkEncryptParts(b *testing.B) {
	const turn = 32
	private := keypair.RSA(0).RSA
	ours, err := newRSAKey(&private.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	plaintext := make([]byte, MaxDirectLen)
	block, dst := ours.blocks.Get().(*rsaBlock), make([]byte, 0, CiphertextLen)
	block.pad(plaintext)
	if _, err := block.base.SetBytes(block.padded[:], ours.modulus); err != nil {
		b.Fatal(err)
	}
	modulus := private.N.Bytes()
	parts := []struct {
		name string
		work func() error
		took time.Duration
	}{
		{"theirs", func() error { _, err := rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, plaintext); return err }, 0},
		{"ours", func() (err error) { dst, err = ours.Encrypt(dst[:0], plaintext); return err }, 0},
		{"long power", func() error { block.power.ExpShortVarTime(&block.base, 1<<16+1, ours.modulus); return nil }, 0},
		{"short power", func() error { block.power.ExpShortVarTime(&block.base, 1<<4+1, ours.modulus); return nil }, 0}, // 12 squarings less
		{"padding", func() error { block.pad(plaintext); return nil }, 0},
		{"modulus", func() error { _, err := bigmod.NewModulus(modulus); return err }, 0},
	}
	for b.Loop() {
		for i := range parts {
			begin := time.Now()
			for range turn {
				if err := parts[i].work(); err != nil {
					b.Fatal(err)
				}
			}
			parts[i].took += time.Since(begin)
		}
	}
	share := func(of time.Duration) float64 { return float64(of) / float64(parts[0].took) }
	b.ReportMetric(0, "ns/op") // of all parts together, which means nothing
	b.ReportMetric(float64(parts[0].took.Nanoseconds())/1000/turn/float64(b.N), "crypto/rsa-µs")
	b.ReportMetric(share(parts[1].took), "ours")
	b.ReportMetric(share(parts[2].took), "power")
	b.ReportMetric(share(parts[2].took-parts[3].took)/12, "multiplication")
	b.ReportMetric(share(parts[4].took), "padding")
	b.ReportMetric(share(parts[5].took), "modulus")
}
