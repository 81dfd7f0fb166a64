package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkAddresses judges the listeners, front and admin together: no two may be the same.
func (c *Config) checkAddresses() (faults Faults) {
	if len(c.Front.Listeners) == 0 {
		faults.add("front.listeners", "is empty: no terminal could connect", "add an entry with an address")
	}
	seen := make(map[string]string)
	judge := func(key, address string) {
		if problem := addressProblem(address); problem != "" {
			faults.add(key, problem, "")
			return
		}
		if strings.HasSuffix(address, ":0") {
			return // any free port is never the same one
		}
		if other, twice := seen[address]; twice {
			faults.add(key, "is the address of "+other+" already", "")
			return
		}
		seen[address] = key
	}
	for i, l := range c.Front.Listeners {
		judge(fmt.Sprintf("front.listeners[%d].address", i), l.Address)
	}
	if c.Admin.Address != "" {
		judge("admin.address", c.Admin.Address)
	} else if c.Admin.Pprof {
		faults.add("admin.pprof", "needs admin.address", "")
	}
	if c.Admin.HealthAddress != "" {
		judge("admin.health_address", c.Admin.HealthAddress)
	}
	return faults
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
