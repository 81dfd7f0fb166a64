package regulation

import (
	"net/netip"
	"testing"
)

func TestAppendAddr(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3.4":                               "1.2.3.4",
		"255.255.255.255":                       "255.255.255.255",
		"::ffff:1.2.3.4":                        "1.2.3.4",
		"::1":                                   "0000:0000:0000:0000:0000:0000:0000:0001",
		"2001:db8::abcd":                        "2001:0DB8:0000:0000:0000:0000:0000:ABCD",
		"cdcd:910a:2222:5498:8475:1111:10:2020": "CDCD:910A:2222:5498:8475:1111:0010:2020",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
		"fe80::1%eth0": "FE80:0000:0000:0000:0000:0000:0000:0001",
		"::1.2.3.4":    "0000:0000:0000:0000:0000:0000:0102:0304", // compatible, not mapped
	} {
		got := AppendAddr(nil, netip.MustParseAddr(in))
		if string(got) != want || len(got) > MaxAddrLen {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := AppendAddr([]byte("x"), netip.Addr{}); string(got) != "x" {
		t.Errorf("invalid address: %q", got)
	}
}
