package supplement

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
)

const operatorLine = "0@client_demo_1.0@203.0.113.7@50001@2026-01-05 08:44:58@" +
	"abcdef_relay_1.6.0@198.51.100.4@41022@2026-01-05 08:30:00@88888888@2"

func submitted() Supplement {
	return Supplement{
		Flag: regulation.FlagNormal, AppID: "client_demo_1.0", Public: netip.MustParseAddrPort("203.0.113.7:50001"),
		LoginTime: at("2026-01-05 08:44:58"),
		Relay:     &Relay{"abcdef_relay_1.6.0", netip.MustParseAddrPort("198.51.100.4:41022"), at("2026-01-05 08:30:00")},
		Account:   "88888888", UserType: regulation.UserOperator,
	}
}

// TestOperatorsLine: the example that docs/relay.md has, 124 bytes with ten separators.
func TestOperatorsLine(t *testing.T) {
	s := submitted()
	text, err := s.Append(nil)
	if err != nil || string(text) != operatorLine || len(text) != 124 || strings.Count(operatorLine, "@") != 10 {
		t.Errorf("%s (%d bytes), %v", text, len(text), err)
	}
}

// TestOffline: items 3 and 4 of an order by telephone are empty, both and only behind a relay, and the string reads back.
func TestOffline(t *testing.T) {
	s := submitted()
	s.Public, s.Offline = netip.AddrPort{}, true
	want := strings.Replace(operatorLine, "203.0.113.7@50001", "@", 1)
	text, err := s.Append(nil)
	if err != nil || string(text) != want || strings.Count(want, "@") != 10 {
		t.Errorf("%s, %v", text, err)
	}
	back, err := Parse(text)
	if err != nil || !back.Offline || back.Public.IsValid() || *back.Relay != *s.Relay {
		t.Errorf("%+v, %v", back, err)
	}
	direct := strings.Replace(want, "abcdef_relay_1.6.0@198.51.100.4@41022@2026-01-05 08:30:00", "@@@", 1)
	for _, wrong := range []string{
		direct,
		strings.Replace(operatorLine, "203.0.113.7", "", 1),
		strings.Replace(operatorLine, "50001", "", 1),
		strings.Replace(want, "198.51.100.4@41022", "@", 1),
		strings.Replace(want, "client_demo_1.0", "", 1),
		strings.Replace(want, "2026-01-05 08:44:58", "", 1),
		strings.Replace(want, "2026-01-05 08:44:58", "2026-01-05 8:44:58", 1),
	} {
		if s, err := Parse([]byte(wrong)); err == nil {
			t.Errorf("%s is read as %+v", wrong, s)
		}
	}
	s.Public = netip.MustParseAddrPort("203.0.113.7:50001")
	if _, err := s.Append(nil); err == nil {
		t.Error("an order by telephone has an address")
	}
	s.Public, s.Relay = netip.AddrPort{}, nil
	if _, err := s.Append(nil); err == nil {
		t.Error("an order by telephone came without a relay")
	}
}

// TestLongestRelayedFitsOneBlock: 216 bytes at most, and RSA of 2048 bits takes 245.
func TestLongestRelayedFitsOneBlock(t *testing.T) {
	s := longestRelayed()
	text, err := s.Append(nil)
	if err != nil || len(text) != 216 || MaxPlaintext != 245 {
		t.Errorf("%d bytes of %d, %v", len(text), MaxPlaintext, err)
	}
}
