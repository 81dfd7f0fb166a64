package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkAddresses judges the listeners, front and admin together: no two may take connections for the
// same address.
func (c *Config) checkAddresses() (faults Faults) {
	if len(c.Front.Listeners) == 0 {
		faults.add("front.listeners", "is empty: no terminal could connect", "add an entry with an address")
	}
	var seen []bound
	judge := func(key, address string, both bool) {
		if problem := addressProblem(address); problem != "" {
			faults.add(key, problem, "")
			return
		}
		b := boundAt(key, address, both)
		if b.port == "0" {
			return // any free port is never the same one
		}
		for _, other := range seen {
			switch {
			case other.address == address:
				faults.add(key, "is the address of "+other.key+" already", "")
				return
			case b.overlaps(&other):
				faults.add(key, fmt.Sprintf("%s takes in addresses of %s (%s): the kernel lets one of them listen", address, other.key, other.address),
					"give one of them another port, or an address of its own")
				return
			}
		}
		seen = append(seen, b)
	}
	for i, l := range c.Front.Listeners {
		judge(fmt.Sprintf("front.listeners[%d].address", i), l.Address, false)
	}
	if c.Admin.Address != "" {
		judge("admin.address", c.Admin.Address, true)
	} else if c.Admin.Pprof {
		faults.add("admin.pprof", "needs admin.address", "")
	}
	if c.Admin.HealthAddress != "" {
		judge("admin.health_address", c.Admin.HealthAddress, true)
	}
	return faults
}

// bound is what an address listens on.
type bound struct {
	key, address string
	port, host   string
	ip           netip.Addr // not valid for a host name
	all4, all6   bool       // every IPv4 address of the machine, every IPv6 one
}

// boundAt knows an address without fault. both: 0.0.0.0 listens on IPv6 as well, as Go has it; the
// listeners for terminals keep it to IPv4.
func boundAt(key, address string, both bool) bound {
	b := bound{key: key, address: address}
	b.host, b.port, _ = net.SplitHostPort(address)
	if b.host == "localhost" {
		b.host = "127.0.0.1" // which Go prefers
	}
	if ip, err := netip.ParseAddr(b.host); err == nil {
		b.ip = ip.Unmap()
	}
	wildcard6 := b.host == "" || b.ip.Is6() && b.ip.IsUnspecified() // which Linux and Go bind to both
	b.all4 = wildcard6 || b.ip.Is4() && b.ip.IsUnspecified()
	b.all6 = wildcard6 || b.all4 && both
	return b
}

// overlaps reports whether both cannot be listened on. What a host name becomes is not known here:
// only a listener on every address surely takes it in.
func (b *bound) overlaps(other *bound) bool {
	return b.port == other.port &&
		(b.host == other.host || b.ip.IsValid() && b.ip == other.ip || b.covers(other) || other.covers(b))
}

func (b *bound) covers(other *bound) bool {
	if b.all4 && b.all6 {
		return true
	}
	return b.all4 && (other.ip.Is4() || other.all4) || b.all6 && (other.ip.Is6() || other.all6)
}

// addressProblem is what keeps s from being host:port, "" if nothing does. The host may be
// an IP address, a host name, or empty for all addresses.
func addressProblem(s string) string {
	if s == "" {
		return "is empty, want host:port"
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "is not host:port (IPv6 in brackets)"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "its port is not a number from 0 to 65535"
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" || isHostName(host) {
		return ""
	}
	return "its host is neither an IP address nor a host name"
}

// isHostName follows RFC 1123; a name of digits and dots only would be a broken address.
func isHostName(s string) bool {
	if len(s) > 253 || strings.Trim(s, "0123456789.") == "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, alphanumeric+"-") != "" {
			return false
		}
	}
	return true
}
