package opener

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"testing"

	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// TestOpen: OpenSSL opens what crypto/rsa sealed, and what is not sealed for the key is nil, at its own place.
func TestOpen(t *testing.T) {
	t.Parallel()
	pair, other := keypair.RSA(0).RSA, keypair.RSA(1).RSA
	seal := func(key *rsa.PrivateKey, text string) []byte {
		sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	longest := string(bytes.Repeat([]byte{'x'}, 245))
	sealed := [][]byte{
		seal(pair, "one"), seal(other, "of another key"), make([]byte, 256), bytes.Repeat([]byte{0xff}, 256), seal(pair, "short")[1:],
		append(seal(pair, "long"), 0), nil, seal(pair, longest), seal(pair, ""), seal(pair, "last"),
	}
	want := []string{"one", "", "", "", "", "", "", longest, "", "last"}
	for i, text := range Open(t, pair, sealed) {
		if string(text) != want[i] || (text == nil) != (want[i] == "" && i != 8) {
			t.Errorf("%d: %q, want %q", i, text, want[i])
		}
	}
	if texts := Open(t, pair, nil); len(texts) != 0 {
		t.Errorf("of none: %q", texts)
	}
}
