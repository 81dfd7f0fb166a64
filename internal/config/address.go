package config

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Address is a TCP address to listen on.
type Address struct {
	Host string // an IP address without brackets, a host name, or "" for all addresses
	Port uint16 // 0 takes any free port

	given bool
	ip    netip.Addr // not valid for a host name; never IPv4 written as IPv6
}

// Given reports whether there is an address: the zero value is none.
func (a Address) Given() bool { return a.given }

// Loopback reports whether only this machine can connect to the address.
func (a Address) Loopback() bool { return a.Host == "localhost" || a.ip.IsLoopback() }

// String is host:port, "" if there is no address.
func (a Address) String() string {
	if !a.given {
		return ""
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
}

// parseAddress reads host:port.
func parseAddress(s string) (Address, error) {
	if s == "" {
		return Address{}, errors.New("is empty, want host:port")
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, errors.New("is not host:port (IPv6 in brackets)")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != port {
		return Address{}, errors.New("its port is not a number from 0 to 65535")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil && host != "" && !isHostName(host) {
		return Address{}, errors.New("its host is neither an IP address nor a host name")
	}
	return Address{host, uint16(n), true, ip.Unmap()}, nil
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
