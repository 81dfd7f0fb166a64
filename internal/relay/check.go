package relay

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// The most that a Permission may hold. Rate, burst and window are those of RelayTerms on the wire.
const (
	MaxNetworks    = 256
	MaxOperators   = 1000
	MaxAllowedApps = 1000
	MaxClientCerts = 4 // the one in use, and those of a change-over
	MaxConnections = 10_000_000
	MaxRate        = 999_999
	MaxBurst       = 999_999
	MaxWindow      = 99_999
)

// NewPermission is one that admits no address, with the defaults.
func NewPermission(id regulation.AppID) Permission {
	return Permission{
		AppID: id, TerminalApps: Listed,
		Connections: DefaultConnections, Rate: DefaultRate, Burst: DefaultBurst, Window: DefaultWindow,
	}
}

// Check says what of the Permission is not possible.
func (p *Permission) Check() error {
	for _, n := range []struct {
		name       string
		n, low, up int
	}{
		{"networks", len(p.Networks), 0, MaxNetworks},
		{"operators", len(p.Operators), 0, MaxOperators},
		{"allowed AppIDs", len(p.AllowedApps), 0, MaxAllowedApps},
		{"client certificates", len(p.ClientCerts), 0, MaxClientCerts},
		{"connections", p.Connections, 1, MaxConnections},
		{"rate", p.Rate, 1, MaxRate},
		{"burst", p.Burst, 1, MaxBurst},
		{"window", p.Window, 1, MaxWindow},
	} {
		if n.n < n.low || n.n > n.up {
			return fmt.Errorf("%s: %d, want %d to %d", n.name, n.n, n.low, n.up)
		}
	}
	if p.TerminalApps != Listed && p.TerminalApps != Audit {
		return fmt.Errorf("terminal apps: %q, want %s or %s", string(p.TerminalApps), Listed, Audit)
	}
	for i, n := range p.Networks {
		if !n.IsValid() || n != n.Masked() || n.Addr().Is4In6() || slices.Contains(p.Networks[:i], n) {
			return fmt.Errorf("network %v has bits behind its length, is IPv4 written as IPv6, or appears twice", n)
		}
	}
	for i, c := range p.ClientCerts {
		if read, err := ParseCertDigest(string(c)); err != nil || read != c || slices.Contains(p.ClientCerts[:i], c) {
			return fmt.Errorf("client certificate %q is no SHA-256 of one in small letters, or appears twice", string(c))
		}
	}
	return nil
}

// ParseNetwork reads 10.1.2.0/24, or an address for itself alone. Connections from mapped addresses are
// seen as IPv4, so a mapped network would never match.
func ParseNetwork(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if addr, single := netip.ParseAddr(s); single == nil {
		if addr.Zone() != "" {
			return p, fmt.Errorf("network %q has a zone, which connections are not compared by", s)
		}
		p, err = addr.Prefix(addr.BitLen())
	}
	switch {
	case err != nil:
		return p, fmt.Errorf("%q is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like", s)
	case p.Addr().Is4In6():
		return p, fmt.Errorf("network %s is IPv4 written as IPv6: write it as IPv4", s)
	case p != p.Masked():
		return p, fmt.Errorf("network %s has bits behind its length: did you mean %v?", s, p.Masked())
	}
	return p, nil
}

// ParseScope reads what a Grant names: all, prefix:P, single:ACCOUNT, or an account alone.
func ParseScope(s string) (kind Kind, value string, err error) {
	if s == "all" {
		return All, "", nil
	}
	kind, value = Single, s
	if v, ok := strings.CutPrefix(s, "prefix:"); ok {
		kind, value = Prefix, v
	} else if v, ok := strings.CutPrefix(s, "single:"); ok {
		value = v
	}
	if _, err := regulation.ParseAccount(value); err != nil {
		return 0, "", fmt.Errorf("%q is none of all, prefix:P, single:ACCOUNT and an account: %w", s, err)
	}
	return kind, value, nil
}

// Scope is what the Grant names, as ParseScope reads it.
func (g *Grant) Scope() string {
	switch g.Kind {
	case All:
		return "all"
	case Prefix:
		return "prefix:" + g.Value
	}
	return "single:" + g.Value
}
