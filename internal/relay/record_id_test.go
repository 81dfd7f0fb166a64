package relay

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const example = "019b7c1e-5c00-7d4e-8a3b-0123456789ab"

// exampleContent is a submission's: account 88888888, client_demo_1.0 at 203.0.113.7:50001, a ciphertext of 00 to FF.
func exampleContent() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-10s%-18s%s", "9999", "88888888", example)
	fmt.Fprintf(&b, "%-30s%-39s%05d%s2", "client_demo_1.0", "203.0.113.7", 50001, "2026-01-05 08:44:58")
	fmt.Fprintf(&b, "%-8s0", "1.0")
	for i := range 256 {
		b.WriteByte(byte(i))
	}
	return b.Bytes()
}

// TestRecordIDOfTheExample: docs/protocol.md has this RecordID, which an independent encoder made too.
func TestRecordIDOfTheExample(t *testing.T) {
	id, ok := ParseSubmitID([]byte(example))
	if !ok {
		t.Fatal("the example's SubmitID is not read")
	}
	got := RecordID([]byte("abcdef_relay_1.6.0"), id, exampleContent())
	if want := "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"; got.String() != want {
		t.Errorf("%v, want %s", got, want)
	}
	if got.Version() != 8 {
		t.Errorf("version %d", got.Version())
	}
}

func TestRecordIDDependsOnRelayAndContent(t *testing.T) {
	id, _ := ParseSubmitID([]byte(example))
	content := exampleContent()
	all := map[string]bool{}
	all[RecordID([]byte("abcdef_relay_1.6.0"), id, content).String()] = true
	all[RecordID([]byte("abcdef_relay_1.6.1"), id, content).String()] = true
	for _, at := range []int{0, 27, 64, 157, 158, len(content) - 1} {
		changed := bytes.Clone(content)
		changed[at] ^= 1
		all[RecordID([]byte("abcdef_relay_1.6.0"), id, changed).String()] = true
	}
	if len(all) != 8 {
		t.Errorf("%d RecordIDs of 8 submissions", len(all))
	}
}

func TestParseSubmitID(t *testing.T) {
	for text, want := range map[string]bool{
		example:                                true,
		strings.ToUpper(example):               false,
		strings.ReplaceAll(example, "-", ""):   false,
		"{" + example[1:35] + "}":              false,
		"019b7c1e-5c00-4d4e-8a3b-0123456789ab": false, // version 4
		"019b7c1e-5c00-7d4e-ca3b-0123456789ab": false, // another variant
		"019b7c1e-5c0007d4e-8a3b-0123456789ab": false,
		"019b7c1e-5c00-7d4e-8a3b-0123456789ag": false,
		"":                                     false,
		example + "0":                          false,
	} {
		id, ok := ParseSubmitID([]byte(text))
		if ok != want {
			t.Errorf("%q: %v", text, ok)
		}
		if ok && (id.String() != text || !id.Time().Equal(time.UnixMilli(0x019b7c1e5c00))) {
			t.Errorf("%q is read as %v of %v", text, id, id.Time())
		}
	}
}

// TestVisitHash: one visit in two spellings of its address is one; another in any part is another.
func TestVisitHash(t *testing.T) {
	v := Visit{
		"88888888", "client_demo_1.0", netip.MustParseAddrPort("203.0.113.7:50001"), time.Date(2026, 1, 5, 8, 44, 58, 0, time.UTC), "abcdef_relay_1.6.0",
	}
	same := v
	same.Addr = netip.MustParseAddrPort("[::ffff:203.0.113.7]:50001")
	same.LoginTime = v.LoginTime.Local()
	if v.Hash() != same.Hash() {
		t.Error("one visit has two names")
	}
	hashes := map[any]bool{v.Hash(): true}
	for _, change := range []func(*Visit){
		func(v *Visit) { v.Account = "88888889" },
		func(v *Visit) { v.AppID = "client_demo_1.1" },
		func(v *Visit) { v.Addr = netip.MustParseAddrPort("203.0.113.8:50001") },
		func(v *Visit) { v.Addr = netip.MustParseAddrPort("203.0.113.7:50002") },
		func(v *Visit) { v.LoginTime = v.LoginTime.Add(time.Second) },
		func(v *Visit) { v.RelayAppID = "abcdef_relay_1.6.1" },
		func(v *Visit) { v.Addr = netip.AddrPort{} },
	} {
		other := v
		change(&other)
		hashes[other.Hash()] = true
	}
	if len(hashes) != 8 || (&Visit{}).Hash() == [8]byte{} {
		t.Errorf("%d names of 8 visits", len(hashes))
	}
}
