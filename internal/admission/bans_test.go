package admission

import (
	"net/netip"
	"testing"
	"time"
)

// TestBans: newcomers of a banned network are refused until it ends, also where an address is exempt or comes through a proxy; others
// are not touched.
func TestBans(t *testing.T) {
	t.Parallel()
	exempt := netip.MustParsePrefix("192.0.2.0/24")
	h := newFixture(t, Limits{Connections: 100, Exempt: []netip.Prefix{exempt}}, never)
	h.admit("before", "192.0.2.7", "")
	h.SetBans([]Ban{
		{netip.MustParsePrefix("192.0.2.7/32"), start.Add(time.Hour)},
		{netip.MustParsePrefix("198.51.100.0/25"), start.Add(time.Hour)},
		{netip.MustParsePrefix("2001:db8::/48"), start.Add(time.Hour)},
		{netip.MustParsePrefix("203.0.113.9/32"), start},
	})
	banned := func(address string, after time.Duration, want bool) {
		t.Helper()
		if got := h.Banned(addr(address), start.Add(after)); got != want {
			t.Errorf("%s after %s: banned %t, want %t", address, after, got, want)
		}
	}
	banned("192.0.2.7", 0, true)
	banned("::ffff:192.0.2.7", 0, true)
	banned("192.0.2.8", 0, false)
	banned("198.51.100.127", 0, true)
	banned("198.51.100.128", 0, false)
	banned("2001:db8:0:9::1", 0, true)
	banned("2001:db8:1::1", 0, false)
	banned("203.0.113.9", 0, false) // it ended
	banned("192.0.2.7", time.Hour, false)
	if !h.Covered(addr("192.0.2.7"), start) || h.Covered(addr("192.0.2.8"), start) || h.Covered(addr("192.0.2.7"), start.Add(time.Hour)) {
		t.Error("an open connection is judged otherwise than a newcomer")
	}
	if h.Banned(netip.Addr{}, start) {
		t.Error("no address is banned")
	}
	proxied := &Conn{Owner: "proxied"}
	h.check(proxied, h.AdmitProxied(proxied), "")
	h.check(proxied, h.Identify(proxied, addr("192.0.2.7"), start), "source_banned")
	h.release("proxied")
	if s := h.Status(9, start); s.Open != 1 || s.Refused["source_banned"] != 5 || h.Bans(start) != 3 || h.Bans(start.Add(time.Hour)) != 0 {
		t.Errorf("%+v, %d bans", s, h.Bans(start))
	}
	h.SetBans(nil)
	banned("192.0.2.7", 0, false)
}
