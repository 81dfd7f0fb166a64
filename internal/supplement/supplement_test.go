package supplement

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/regulation"
)

func at(s string) time.Time {
	t, err := time.ParseInLocation(regulation.TimeLayout, s, regulation.Zone)
	if err != nil {
		panic(err)
	}
	return t
}

// direct is the supplement of a real string, relayed one of every item.
func direct() Supplement {
	return Supplement{
		Flag: regulation.FlagTerminalData, AppID: "client_xsb_1.0",
		Public:    netip.MustParseAddrPort("192.168.202.1:37768"),
		LoginTime: at("2025-07-10 08:45:00"),
		Account:   "88888888", UserType: regulation.UserCustomer,
	}
}

func relayed() Supplement {
	s := direct()
	s.Relay = &Relay{"relay_hub_2.0", netip.MustParseAddrPort("203.0.113.7:5000"), at("2025-07-10 08:44:59")}
	return s
}

var longAddr = netip.MustParseAddrPort("[cdcd:910a:2222:5498:8475:1111:10:2020]:65535")

func longest() Supplement {
	return Supplement{
		Flag: regulation.FlagNormal, AppID: "abcdefghij_abcdefghij_12345678", Public: longAddr,
		LoginTime: at("2025-12-31 23:59:59"), Account: "123456789012345678", UserType: regulation.UserOperator,
	}
}

func longestRelayed() Supplement {
	s := longest()
	s.Relay = &Relay{s.AppID, longAddr, s.LoginTime}
	return s
}

func TestAppend(t *testing.T) {
	mapped := direct()
	mapped.Public = netip.MustParseAddrPort("[::ffff:192.168.202.1]:37768")
	elsewhere := direct()
	elsewhere.LoginTime = time.Date(2025, 7, 10, 0, 45, 0, 999_999_999, time.UTC)
	for _, tt := range []struct {
		name string
		s    Supplement
		want string
	}{
		{"direct", direct(), "3@client_xsb_1.0@192.168.202.1@37768@2025-07-10 08:45:00@@@@@88888888@1"},
		{"relay", relayed(), "3@client_xsb_1.0@192.168.202.1@37768@2025-07-10 08:45:00@relay_hub_2.0@203.0.113.7@5000@2025-07-10 08:44:59@88888888@1"},
		{"v4-mapped address", mapped, "3@client_xsb_1.0@192.168.202.1@37768@2025-07-10 08:45:00@@@@@88888888@1"},
		{"time of another zone, inside a second", elsewhere, "3@client_xsb_1.0@192.168.202.1@37768@2025-07-10 08:45:00@@@@@88888888@1"},
		{"longest direct", longest(), "0@abcdefghij_abcdefghij_12345678@CDCD:910A:2222:5498:8475:1111:0010:2020@65535@2025-12-31 23:59:59@@@@@123456789012345678@2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.s.Append([]byte("before "))
			if err != nil || string(got) != "before "+tt.want {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

// The longest strings of the regulation page, and room for both in one RSA block.
func TestLongest(t *testing.T) {
	for _, tt := range []struct {
		name        string
		s           Supplement
		named, want int
	}{{"direct", longest(), MaxDirectLen, 123}, {"relay", longestRelayed(), MaxRelayLen, 216}} {
		got, err := tt.s.Append(nil)
		if err != nil || len(got) != tt.want || tt.named != tt.want || len(got) > MaxPlaintext {
			t.Errorf("%s: %d bytes, named %d, want %d, at most %d; %v", tt.name, len(got), tt.named, tt.want, MaxPlaintext, err)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Supplement)
		item   string
	}{
		{"flag missing", func(s *Supplement) { s.Flag = 0 }, "abnormal flag"},
		{"flag 4", func(s *Supplement) { s.Flag = '4' }, "abnormal flag"},
		{"AppID missing", func(s *Supplement) { s.AppID = "" }, "AppID"},
		{"AppID with a separator", func(s *Supplement) { s.AppID = "client_x@b_1.0" }, "AppID"},
		{"AppID too long", func(s *Supplement) { s.AppID = "abcdefghijk_x_1.0" }, "AppID"},
		{"address missing", func(s *Supplement) { s.Public = netip.AddrPort{} }, "address"},
		{"address unspecified", func(s *Supplement) { s.Public = netip.MustParseAddrPort("0.0.0.0:1") }, "address"},
		{"address unspecified, IPv6", func(s *Supplement) { s.Public = netip.MustParseAddrPort("[::]:1") }, "address"},
		{"address unspecified, mapped", func(s *Supplement) { s.Public = netip.MustParseAddrPort("[::ffff:0.0.0.0]:1") }, "address"},
		{"address with a zone", func(s *Supplement) { s.Public = netip.MustParseAddrPort("[fe80::1%eth0]:1") }, "address"},
		{"address with a zone, mapped", func(s *Supplement) { s.Public = netip.MustParseAddrPort("[::ffff:1.2.3.4%eth0]:1") }, "address"},
		{"port 0", func(s *Supplement) { s.Public = netip.MustParseAddrPort("1.2.3.4:0") }, "port"},
		{"time missing", func(s *Supplement) { s.LoginTime = time.Time{} }, "login time"},
		{"year 10000", func(s *Supplement) { s.LoginTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "login time"},
		{"year 10000 only in UTC+8", func(s *Supplement) { s.LoginTime = time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC) }, "login time"},
		{"year 0", func(s *Supplement) { s.LoginTime = time.Date(0, 6, 1, 0, 0, 0, 0, time.UTC) }, "login time"},
		{"account missing", func(s *Supplement) { s.Account = "" }, "account"},
		{"account with a space", func(s *Supplement) { s.Account = "88 88" }, "account"},
		{"account too long", func(s *Supplement) { s.Account = "1234567890123456789" }, "account"},
		{"user type missing", func(s *Supplement) { s.UserType = 0 }, "user type"},
		{"user type 3", func(s *Supplement) { s.UserType = '3' }, "user type"},
		{"relay without anything", func(s *Supplement) { s.Relay = &Relay{} }, "relay AppID"},
		{"relay AppID", func(s *Supplement) { s.Relay.AppID = "hub" }, "relay AppID"},
		{"relay address", func(s *Supplement) { s.Relay.Addr = netip.AddrPortFrom(netip.Addr{}, 1) }, "relay address"},
		{"relay port", func(s *Supplement) { s.Relay.Addr = netip.MustParseAddrPort("1.2.3.4:0") }, "relay port"},
		{"relay time", func(s *Supplement) { s.Relay.LoginTime = time.Time{} }, "relay login time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := relayed()
			tt.change(&s)
			got, err := s.Append([]byte("before"))
			wantItem(t, err, tt.item)
			if string(got) != "before" {
				t.Fatalf("refused, and still appended: %q", got)
			}
		})
	}
}

func wantItem(t *testing.T, err error, item string) {
	t.Helper()
	var fault *regulation.ItemError
	if !errors.As(err, &fault) || fault.Item != item || fault.Problem == "" {
		t.Fatalf("error %v, want an *ItemError about %q", err, item)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "3@client_xsb_1.0@192.168.202.1@37768@2025-07-10 08:45:00@@@@@88888888@1"
	replace := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	for _, tt := range []struct{ name, s, item string }{
		{"empty", "", "supplement string"},
		{"only separators", strings.Repeat("@", 10), "abnormal flag"},
		{"ten items", strings.TrimSuffix(good, "@1"), "supplement string"},
		{"twelve items", good + "@", "supplement string"},
		{"direct without its empty items", replace("@@@@@", "@"), "supplement string"},
		{"line feed at the end", good + "\n", "user type"},
		{"flag of two bytes", "0" + good, "abnormal flag"},
		{"flag 9", "9" + good[1:], "abnormal flag"},
		{"user type 3", good[:len(good)-1] + "3", "user type"},
		{"user type empty", good[:len(good)-1], "user type"},
		{"address empty", replace("192.168.202.1", ""), "address"},
		{"address padded", replace("192.168.202.1", "192.168.202.01"), "address"},
		{"address with a zone", replace("192.168.202.1", "fe80::1%e"), "address"},
		{"address unspecified", replace("192.168.202.1", "0.0.0.0"), "address"},
		{"IPv6 compressed", replace("192.168.202.1", "2001:db8::1"), "supplement string"},
		{"IPv6 lower case", replace("192.168.202.1", "2001:0db8:0000:0000:0000:0000:0000:0001"), "supplement string"},
		{"IPv6 mapped", replace("192.168.202.1", "::ffff:192.168.202.1"), "supplement string"},
		{"port 0", replace("37768", "0"), "port"},
		{"port 65536", replace("37768", "65536"), "port"},
		{"port padded", replace("37768", "07768"), "supplement string"},
		{"port with a sign", replace("37768", "+3776"), "port"},
		{"time with a fraction", replace("08:45:00", "08:45:00.5"), "supplement string"},
		{"time with a one-digit hour", replace("08:45:00", "8:45:00"), "supplement string"},
		{"time with a T", replace(" 08:", "T08:"), "login time"},
		{"no such day", replace("07-10", "02-30"), "login time"},
		{"relay of one item only", replace("@@@@@", "@relay_hub_2.0@@@@"), "relay address"},
		{"relay without its AppID", replace("@@@@@", "@@1.2.3.4@5@2025-07-10 08:45:00@"), "relay AppID"},
		{"relay of spaces", replace("@@@@@", "@ @ @ @ @"), "relay address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.s))
			wantItem(t, err, tt.item)
			if got != (Supplement{}) && got.Account != "" {
				t.Fatalf("refused, and still returned %+v", got)
			}
		})
	}
}

func drawSupplement(t *rapid.T) Supplement {
	s := Supplement{
		Flag:     regulation.AbnormalFlag(rapid.ByteRange('0', '3').Draw(t, "flag")),
		Account:  regulation.Account(rapid.StringMatching(`[0-9A-Za-z]{1,18}`).Draw(t, "account")),
		UserType: regulation.UserType(rapid.ByteRange('1', '2').Draw(t, "user type")),
	}
	s.AppID, s.Public, s.LoginTime = drawPeer(t)
	if rapid.Bool().Draw(t, "relayed") {
		s.Relay = new(Relay)
		s.Relay.AppID, s.Relay.Addr, s.Relay.LoginTime = drawPeer(t)
	}
	return s
}

func drawPeer(t *rapid.T) (regulation.AppID, netip.AddrPort, time.Time) {
	id := rapid.StringMatching(`[A-Za-z0-9.-]{1,10}_[A-Za-z0-9.-]{1,10}_[A-Za-z0-9.-]{1,8}`).Draw(t, "AppID")
	addr := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b)).Unmap() }),
	).Filter(func(a netip.Addr) bool { return !a.IsUnspecified() }).Draw(t, "address")
	port := rapid.Uint16Min(1).Draw(t, "port")
	seconds := rapid.Int64Range(at("0001-01-02 00:00:00").Unix(), at("9999-12-31 23:59:59").Unix()).Draw(t, "time")
	return regulation.AppID(id), netip.AddrPortFrom(addr, port), time.Unix(seconds, 0).In(regulation.Zone)
}

// Always ten separators, and it parses back to what went in.
func TestAppendParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSupplement(t)
		text, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("@")); n != 10 {
			t.Fatalf("%d separators in %q", n, text)
		}
		if s.Relay == nil && (len(text) > MaxDirectLen || !bytes.Contains(text, []byte("@@@@@"))) || len(text) > MaxRelayLen {
			t.Fatalf("%d bytes, or no empty items: %q", len(text), text)
		}
		back, err := Parse(text)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%q came back as %+v, %v; want %+v", text, back, err, s)
		}
	})
}

// What Parse accepts, Append prints to the same bytes.
func FuzzParse(f *testing.F) {
	for _, s := range []Supplement{direct(), relayed(), longest(), longestRelayed()} {
		text, err := s.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("0@a_b_c@::1@1@2025-07-10 8:45:00.@@@@@1@1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		again, err := s.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q was accepted and printed as %q, %v", b, again, err)
		}
		if bytes.Count(b, []byte("@")) != 10 || len(b) > MaxRelayLen || bytes.ContainsAny(b, "\n\r\x00") {
			t.Fatalf("%q was accepted", b)
		}
	})
}

func TestAppendDoesNotAllocate(t *testing.T) {
	dst := make([]byte, 0, MaxRelayLen)
	for _, s := range []Supplement{direct(), longestRelayed()} {
		n := testing.AllocsPerRun(100, func() {
			if _, err := s.Append(dst); err != nil {
				t.Error(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}
