package supplement

import (
	"encoding/pem"
	"errors"
	"testing"

	"github.com/tradefront/tradefront/test/keypair"
)

// For any content of a file: a *KeyError, or a key that encrypts to a length that it names.
func FuzzParsePublicKey(f *testing.F) {
	private := keypair.RSA(0).RSA
	for _, seed := range [][]byte{publicPEM(f, &private.PublicKey), sm2PublicKey(f), sm2AsAlgorithm(f), ecPublicKey(oidSM2)} {
		block, _ := pem.Decode(seed)
		f.Add(block.Bytes)
	}
	text := make([]byte, MaxDirectLen)
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		if err != nil {
			var fault *KeyError
			if !errors.As(err, &fault) || key != nil {
				t.Fatalf("%v, %v", key, err)
			}
			return
		}
		shortest, longest := key.CiphertextLen()
		if sealed, err := key.Encrypt(nil, text); err != nil || len(sealed) < shortest || len(sealed) > longest {
			t.Fatalf("%d bytes, %v", len(sealed), err)
		}
	})
}
