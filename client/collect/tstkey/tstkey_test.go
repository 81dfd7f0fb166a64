package tstkey_test

import (
	"testing"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
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
