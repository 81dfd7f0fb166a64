package testkey

import (
	"bytes"
	"testing"

	"github.com/tradefront/tradefront/internal/supplement"
)

// For any ciphertext of a report: neither algorithm opens what was not made for its key.
func FuzzDecrypt(f *testing.F) {
	text := []byte("a supplement of no customer")
	pairs := []*pair{newPair(f, "rsa"), newPair(f, "sm2")}
	for _, p := range pairs {
		sealed, err := p.encrypter.Encrypt(nil, text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed)
	}
	f.Add(bytes.Repeat([]byte{4}, supplement.SM2Overhead+20))
	f.Add(bytes.Repeat([]byte{0x30}, supplement.SM2Overhead+20))
	f.Fuzz(func(t *testing.T, ciphertext []byte) {
		for _, p := range pairs {
			opened, err := p.key.Decrypt(ciphertext)
			if err == nil && len(ciphertext) < len(opened)+1 {
				t.Fatalf("%d bytes opened to %d", len(ciphertext), len(opened))
			}
			if err != nil && opened != nil {
				t.Fatalf("%v, and %q", err, opened)
			}
		}
	})
}
