package source

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestPath(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.77":                 "192.0.2.77/32×1 192.0.2.0/24×16 ",
		"::ffff:192.0.2.77":          "192.0.2.77/32×1 192.0.2.0/24×16 ",
		"2001:db8:1:2345:6:7:8:9":    "2001:db8:1:2345::/64×1 2001:db8:1:2300::/56×4 2001:db8:1::/48×16 ",
		"2001:db8:1:2345:6:7:8:9%en": "2001:db8:1:2345::/64×1 2001:db8:1:2300::/56×4 2001:db8:1::/48×16 ",
	} {
		p, got := PathOf(netip.MustParseAddr(addr)), ""
		for i := range p.Len() {
			got += fmt.Sprintf("%v×%d ", p.At(i), p.Share(i))
		}
		if got != want || p.Source() != p.At(0) || Of(netip.MustParseAddr(addr)) != p.At(0) {
			t.Errorf("%s: %s", addr, got)
		}
	}
	if p := PathOf(netip.Addr{}); p.Len() != 0 || p.Source().IsValid() {
		t.Errorf("no address has %v", p)
	}
}
