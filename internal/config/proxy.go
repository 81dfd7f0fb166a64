package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
)

// FromProxy reports whether terminals' addresses come from PROXY headers.
func (l *Listener) FromProxy() bool { return l.ClientAddress == "proxy" }

// Trusted are the networks of trusted_proxies, those of them that can be read.
func (l *Listener) Trusted() []netip.Prefix { return networks(l.TrustedProxies) }

// checkProxies holds each listener to knowing whom it believes, or to believing nobody.
func (c *Config) checkProxies() (faults Faults) {
	for i := range c.Front.Listeners {
		l := &c.Front.Listeners[i]
		path := fmt.Sprintf("front.listeners[%d]", i)
		if l.ClientAddress != "" {
			if problem := manual["front.listeners[].client_address"].judge(reflect.ValueOf(l.ClientAddress)); problem != "" {
				faults.add(path+".client_address", problem, "")
				continue
			}
		}
		const needs = "is only for client_address: proxy"
		switch {
		case l.FromProxy() && len(l.TrustedProxies) == 0:
			faults.add(path+".trusted_proxies", "is empty, and client_address: proxy believes nobody else", "name the addresses of the load balancers")
		case l.FromProxy():
			faults.networks(path+".trusted_proxies", l.TrustedProxies)
			faults.widest(path+".trusted_proxies", l.TrustedProxies)
		case len(l.TrustedProxies) > 0:
			faults.add(path+".trusted_proxies", needs, "write client_address: proxy, or remove it")
		case l.RequireTLS:
			faults.add(path+".require_tls", needs, "a front sees TLS only through a proxy that ends it")
		}
	}
	return faults
}

// The widest networks that can be trusted: 10.0.0.0/8 and fc00::/7, the widest that are
// private. A default route would let everybody write the address that is recorded.
const (
	widest4 = 8
	widest6 = 7
)

func (faults *Faults) widest(key string, list []string) {
	for i, s := range list {
		p, problem := parseNetwork(s)
		if problem != "" {
			continue // said already
		}
		least := widest6
		if p.Addr().Is4() {
			least = widest4
		}
		if p.Bits() < least {
			faults.add(fmt.Sprintf("%s[%d]", key, i),
				fmt.Sprintf("%v is wider than /%d: whoever is in it could write any address into the records", p, least),
				"name the load balancers only")
		}
	}
}

// maxNetworks bounds a list of networks, each of which is looked at for each connection.
const maxNetworks = 256

// networks judges a list of networks, all of them.
func (faults *Faults) networks(key string, list []string) {
	if len(list) > maxNetworks {
		faults.add(key, fmt.Sprintf("has %d entries, at most %d are allowed", len(list), maxNetworks), "write wider networks")
		return
	}
	var seen []netip.Prefix
	for i, s := range list {
		p, problem := parseNetwork(s)
		if problem == "" && slices.Contains(seen, p) {
			problem = "stands twice"
		}
		if problem != "" {
			faults.add(fmt.Sprintf("%s[%d]", key, i), problem, "")
		}
		seen = append(seen, p)
	}
}

// networks are those that can be read.
func networks(list []string) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		if p, problem := parseNetwork(s); problem == "" {
			all = append(all, p)
		}
	}
	return all
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
