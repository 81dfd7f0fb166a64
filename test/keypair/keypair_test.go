package keypair

import (
	"testing"

	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
)

// TestPairsOpen: what the one half encrypts the other opens, and no other pair's.
func TestPairsOpen(t *testing.T) {
	const text = "a supplement of no customer"
	for which, pairs := range map[string][2]*Pair{"RSA": {RSA(0), RSA(1)}, "SM2": {SM2(0), SM2(1)}} {
		public, err := supplement.ParsePublicKey(pairs[0].Public)
		if err != nil {
			t.Fatal(which, err)
		}
		sealed, err := public.Encrypt(nil, []byte(text))
		if err != nil {
			t.Fatal(which, err)
		}
		for i, p := range pairs {
			private, err := testkey.Parse(p.Private)
			if err != nil {
				t.Fatal(which, err)
			}
			opened, err := private.Decrypt(sealed)
			if good := err == nil && string(opened) == text; good != (i == 0) {
				t.Errorf("%s: pair %d: %q, %v", which, i, opened, err)
			}
		}
	}
	if first, again := RSA(0), RSA(0); first != again {
		t.Error("the same pair was made twice")
	}
}
