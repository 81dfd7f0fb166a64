package relay

import (
	"net/netip"
	"strings"
	"testing"
)

// TestParse: what an operator writes, and what he reads about it.
func TestParse(t *testing.T) {
	network := func(s string) error { _, err := ParseNetwork(s); return err }
	cert := func(s string) error { _, err := ParseCertDigest(s); return err }
	scope := func(s string) error { _, _, err := ParseScope(s); return err }
	for _, test := range []struct {
		parse      func(string) error
		text, says string
	}{
		{network, "10.1.2.0/24", ""},
		{network, "10.1.2.3", ""},
		{network, "2001:db8::/64", ""},
		{network, "::1", ""},
		{network, "10.1.2.3/24", "did you mean 10.1.2.0/24?"},
		{network, "::ffff:10.1.2.3", "write it as IPv4"},
		{network, "::ffff:10.0.0.0/104", "write it as IPv4"},
		{network, "fe80::1%eth0", "has a zone"},
		{network, "10.1.2", "is no network"},
		{network, "", "is no network"},
		{cert, "", "64 hex digits"},
		{cert, strings.Repeat("aB", 32), ""},
		{cert, strings.Repeat("ab:", 31) + "ab", ""},
		{cert, strings.Repeat("ab", 31), "64 hex digits"},
		{cert, strings.Repeat("xy", 32), "64 hex digits"},
		{scope, "all", ""},
		{scope, "prefix:88", ""},
		{scope, "single:8888", ""},
		{scope, "8888", ""},
		{scope, "prefix:", "none of all, prefix:P, single:ACCOUNT"},
		{scope, "single:88-88", "only digits and letters"},
		{scope, "group:7", "only digits and letters"},
		{scope, "1234567890123456789", "longer than 18 bytes"},
		{scope, "", "empty"},
	} {
		err := test.parse(test.text)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v, want %q", test.text, err, test.says)
		}
	}
	for _, s := range []string{"all", "prefix:88", "single:8888"} {
		kind, value, err := ParseScope(s)
		if g := (Grant{Kind: kind, Value: value}); err != nil || g.Scope() != s {
			t.Errorf("%s becomes %+v, %s, %v", s, g, g.Scope(), err)
		}
	}
}

// TestCheck: each bound refuses what is one beyond it.
func TestCheck(t *testing.T) {
	good := NewPermission("relay_a_1")
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	p := netip.MustParsePrefix
	for name, spoil := range map[string]func(*Permission){
		"rate": func(p *Permission) { p.Rate = MaxRate + 1 }, "burst": func(p *Permission) { p.Burst = 0 },
		"window": func(p *Permission) { p.Window = MaxWindow + 1 }, "connections": func(p *Permission) { p.Connections = 0 },
		"terminal apps": func(p *Permission) { p.TerminalApps = "all" }, "client certificate": func(p *Permission) { p.ClientCerts = []CertDigest{"ab"} },
		"client certificates": func(p *Permission) { p.ClientCerts = make([]CertDigest, MaxClientCerts+1) },
		"network":             func(q *Permission) { q.Networks = []netip.Prefix{p("10.0.0.1/8")} }, "appears twice": func(q *Permission) { q.Networks = []netip.Prefix{p("10.0.0.0/8"), p("10.0.0.0/8")} },
		"networks": func(q *Permission) { q.Networks = make([]netip.Prefix, MaxNetworks+1) },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
