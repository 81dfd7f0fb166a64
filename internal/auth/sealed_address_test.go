package auth

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/uuid"
)

// TestSealedAddress: it opens for its record alone, under the keys of the file, and shows nothing of the address.
func TestSealedAddress(t *testing.T) {
	old, next := bytes.Repeat([]byte{1}, masterKeyLen), bytes.Repeat([]byte{2}, masterKeyLen)
	key := func(keys ...[]byte) *MasterKey {
		t.Helper()
		k, err := newMasterKey(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	before, during, after := key(old), key(next, old), key(next)
	record, other := uuid.New(), uuid.New()
	for text, length := range map[string]int{"198.51.100.4:41022": 35, "[2001:db8::7]:65535": 47} {
		at := netip.MustParseAddrPort(text)
		sealed := before.SealAddress(record, at)
		raw := at.Addr().AsSlice()
		if len(sealed) != length || bytes.Contains(sealed, raw) || bytes.Equal(sealed, before.SealAddress(record, at)) {
			t.Errorf("%s: %d bytes, want %d: %x", text, len(sealed), length, sealed)
		}
		for what, k := range map[string]*MasterKey{"the key": before, "both keys": during} {
			if got, err := k.OpenAddress(record, sealed); got != at || err != nil {
				t.Errorf("%s: %v, %v, want %s", what, got, err, text)
			}
		}
		if got, err := after.OpenAddress(record, during.SealAddress(record, at)); err == nil {
			t.Errorf("a front with both keys seals under the new one before every front has it: %v", got)
		}
		changed := bytes.Clone(sealed)
		changed[len(changed)-1] ^= 1
		version := bytes.Clone(sealed)
		version[0]++
		for what, open := range map[string]func() (netip.AddrPort, error){
			"another key":     func() (netip.AddrPort, error) { return after.OpenAddress(record, sealed) },
			"another record":  func() (netip.AddrPort, error) { return before.OpenAddress(other, sealed) },
			"a changed one":   func() (netip.AddrPort, error) { return before.OpenAddress(record, changed) },
			"a short one":     func() (netip.AddrPort, error) { return before.OpenAddress(record, sealed[:9]) },
			"another version": func() (netip.AddrPort, error) { return before.OpenAddress(record, version) },
			"none":            func() (netip.AddrPort, error) { return before.OpenAddress(record, nil) },
		} {
			if got, err := open(); err == nil || got.IsValid() {
				t.Errorf("%s opens: %v", what, got)
			}
		}
	}
	if got := before.SealAddress(record, netip.AddrPort{}); got != nil {
		opened, err := before.OpenAddress(record, got)
		if err != nil || opened.IsValid() {
			t.Errorf("no address becomes %v, %v", opened, err)
		}
	}
}

// BenchmarkSealAddress: it is done once for each submission.
func BenchmarkSealAddress(b *testing.B) {
	k, err := newMasterKey(bytes.Repeat([]byte{1}, masterKeyLen))
	if err != nil {
		b.Fatal(err)
	}
	id, at := uuid.New(), netip.MustParseAddrPort("198.51.100.4:41022")
	for b.Loop() {
		k.SealAddress(id, at)
	}
}
