package config

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/tradefront/tradefront/internal/source"
)

// TrustedNetworks are those whose PROXY headers are believed.
type TrustedNetworks []netip.Prefix

// ExemptNetworks are those without a bound per source and without penalties.
type ExemptNetworks []netip.Prefix

// maxNetworks bounds a list of networks, which is searched for each connection.
const maxNetworks = 256

// The widest networks that can be trusted: 10.0.0.0/8 and fc00::/7, the widest that are
// private. A default route would let any host write the address that is recorded.
const (
	widest4 = 8
	widest6 = 7
)

func readTrustedNetworks(written any, _ place) (any, Faults) {
	networks, faults := readNetworks(written.([]any), func(p netip.Prefix) Fault {
		least := widest6
		if p.Addr().Is4() {
			least = widest4
		}
		if p.Bits() >= least {
			return Fault{}
		}
		return Fault{
			Problem: fmt.Sprintf("%v is wider than /%d: any client in it could write any address into the records", p, least),
			Fix:     "name the load balancers only",
		}
	})
	return TrustedNetworks(networks), faults
}

func readExemptNetworks(written any, _ place) (any, Faults) {
	networks, faults := readNetworks(written.([]any), func(p netip.Prefix) Fault {
		if p.Addr().Is4() || p.Bits() <= source.Bits6 {
			return Fault{}
		}
		return Fault{
			Problem: "is narrower than /64, which is one source",
			Fix:     fmt.Sprintf("write %v", netip.PrefixFrom(p.Addr(), source.Bits6).Masked()),
		}
	})
	return ExemptNetworks(networks), faults
}

// readNetworks reads all that can be read. judge is the fault of a network, without a problem if it has
// none.
func readNetworks(written []any, judge func(netip.Prefix) Fault) (networks []netip.Prefix, faults Faults) {
	if len(written) > maxNetworks {
		faults.add("", fmt.Sprintf("has %d entries, at most %d are allowed", len(written), maxNetworks), "write wider networks")
		return nil, faults
	}
	for i, s := range written {
		p, problem := parseNetwork(s.(string))
		fault := Fault{Problem: problem}
		switch {
		case problem != "":
		case slices.Contains(networks, p):
			fault.Problem = "appears twice"
		default:
			fault = judge(p)
			networks = append(networks, p)
		}
		if fault.Problem != "" {
			faults.add(entryKey("", i), fault.Problem, fault.Fix)
		}
	}
	return networks, faults
}

// parseNetwork reads 10.1.2.0/24, or an address for itself alone. Connections from mapped
// addresses are seen as IPv4, so a mapped network would never match.
func parseNetwork(s string) (p netip.Prefix, problem string) {
	if addr, err := netip.ParseAddr(s); err == nil {
		if p, err = addr.Prefix(addr.BitLen()); err != nil || addr.Zone() != "" {
			return p, "has a zone, which connections are not compared by"
		}
	} else if p, err = netip.ParsePrefix(s); err != nil {
		return p, "is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like"
	}
	switch {
	case p.Addr().Is4In6():
		return p, "is IPv4 written as IPv6: write it as IPv4"
	case p != p.Masked():
		return p, fmt.Sprintf("has bits behind its length: did you mean %v?", p.Masked())
	}
	return p, ""
}
