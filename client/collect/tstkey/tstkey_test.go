package tstkey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/test/keypair"
)

// The two halves belong together, and the collection library takes the public one.
func TestHalvesBelongTogether(t *testing.T) {
	key, err := collect.ParseKey(tstkey.Version, tstkey.Public)
	if err != nil {
		t.Fatal(err)
	}
	private, err := testkey.Parse(tstkey.Private)
	if err != nil {
		t.Fatal(err)
	}
	r, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := r.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := private.Decrypt(info.Ciphertext); err != nil || string(text) != r.Text() {
		t.Errorf("%q, %v; want %q", text, err, r.Text())
	}
}

// A front that has the public test key says so, under any key version; of another key it does not.
func TestFrontWarns(t *testing.T) {
	for _, tt := range []struct {
		pem  []byte
		want int
	}{{tstkey.Public, 1}, {keypair.RSA(1).Public, 0}} {
		public, err := supplement.ParsePublicKey(tt.pem)
		if err != nil {
			t.Fatal(err)
		}
		ring, err := supplement.NewKeyRing([]supplement.Key{{Version: "7.0", Encrypter: public.Encrypter, Info: public.Info}})
		if err != nil {
			t.Fatal(err)
		}
		warnings := ring.Warnings(time.Now())
		if len(warnings) != tt.want || tt.want == 1 && !strings.Contains(warnings[0].Text, "key version 7.0 is the public test key") {
			t.Errorf("%+v", warnings)
		}
	}
}
