package ops

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestAddressKind(t *testing.T) {
	proxy := netip.MustParseAddr("::ffff:198.51.100.1")
	seen := map[string]bool{}
	for address, want := range map[string]string{
		"198.51.100.1": AddressProxy, "::ffff:198.51.100.1": AddressProxy, "198.51.100.2": AddressReserved,
		"127.0.0.1": AddressLoopback, "127.196.26.56": AddressLoopback, "::1": AddressLoopback, "::ffff:127.0.0.1": AddressLoopback,
		"169.254.1.1": AddressLinkLocal, "fe80::1": AddressLinkLocal,
		"10.0.0.1": AddressPrivate, "172.31.255.255": AddressPrivate, "192.168.1.7": AddressPrivate, "fd00::1": AddressPrivate,
		"100.64.0.1": AddressCGNAT, "100.127.255.255": AddressCGNAT,
		"192.0.2.1": AddressReserved, "198.19.255.255": AddressReserved, "203.0.113.7": AddressReserved, "240.0.0.1": AddressReserved,
		"2001:db8::1": AddressReserved, "0.1.2.3": AddressReserved,
		"100.63.255.255": "", "100.128.0.1": "", "172.32.0.1": "", "202.96.209.5": "", "223.5.5.5": "", "2400:3200::1": "",
	} {
		if got := addressKind(netip.MustParseAddr(address), proxy); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
		seen[want] = true
	}
	if got := addressKind(netip.MustParseAddr("223.5.5.5"), netip.Addr{}); got != "" {
		t.Errorf("without a proxy: %q", got)
	}
	for _, kind := range AddressKinds() {
		if !seen[kind] {
			t.Errorf("no address is %s", kind)
		}
	}
}

// addr is the i-th of many in the Internet.
func addr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{42, byte(i >> 16), byte(i >> 8), byte(i)})
}

// TestHiddenClients: each case is who logged in from where, and what the operator reads.
func TestHiddenClients(t *testing.T) {
	one := netip.MustParseAddr("42.1.1.1")
	tests := []struct {
		name   string
		logins func(from func(client netip.Addr, account int))
		top    string
		ready  bool
		says   string
	}{
		{"no login", func(func(netip.Addr, int)) {}, "0", true, "too few"},
		{"each customer from an address of his own", func(from func(netip.Addr, int)) {
			for i := range 500 {
				from(addr(i), i)
			}
		}, "0.002", true, "at most 0 %"},
		{"a balancer hides all", func(from func(netip.Addr, int)) {
			for i := range loginsEnough {
				from(one, i)
			}
		}, "1", false, "100 % of the last 100 customers came from one address"},
		{"too few to say", func(from func(netip.Addr, int)) {
			for i := range loginsEnough - 1 {
				from(one, i)
			}
		}, "0", true, "too few"},
		{"a robot that logs in again and again", func(from func(netip.Addr, int)) {
			for range 10_000 {
				from(one, 1)
			}
			for i := range 300 {
				from(addr(i), i)
			}
		}, "0.0033", true, "at most 0 %"},
		{"an office of some", func(from func(netip.Addr, int)) {
			for i := range 200 {
				from(one, i)
			}
			for i := range 300 {
				from(addr(i), i)
			}
		}, "0.4", true, "at most 40 %"},
		{"it was so, and is mended", func(from func(netip.Addr, int)) {
			for i := range 5000 {
				from(one, i)
			}
			for i := range loginsKept {
				from(addr(i), i)
			}
		}, "0.00098", true, "at most 0 % of the last 1024"},
		{"a pool of translated addresses", func(from func(netip.Addr, int)) {
			for i := range 300 {
				from(netip.AddrFrom4([4]byte{10, 1, 1, byte(i % 16)}), i)
			}
		}, "0.063", false, "100 % of the last 300 customers came from addresses that are not of the Internet"},
		{"the demo: many on this machine", func(from func(netip.Addr, int)) {
			for i := range 250 {
				from(netip.AddrFrom4([4]byte{127, 1, byte(i), 1}), i)
			}
		}, "0.004", true, "at most 0 %"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := NewMetrics("test", "test")
			test.logins(func(client netip.Addr, account int) { m.CameFrom(client, netip.Addr{}, fmt.Sprint(account)) })
			_, top, _ := m.addresses.shares()
			ready, reason := m.ClientAddresses()
			if got := fmt.Sprintf("%.2g", top); got != test.top || ready != test.ready || !strings.Contains(reason, test.says) {
				t.Errorf("top share %s, want %s; %t, %q, want %t, %q", got, test.top, ready, reason, test.ready, test.says)
			}
			if !ready && !strings.Contains(reason, "client_address: proxy") {
				t.Errorf("%q does not say what to do", reason)
			}
			if len(m.addresses.customers) > loginsKept || len(m.addresses.addresses) > loginsKept {
				t.Errorf("%d customers and %d addresses are remembered, the bound is %d", len(m.addresses.customers), len(m.addresses.addresses), loginsKept)
			}
		})
	}
}

func TestSuspiciousAddressesAreCounted(t *testing.T) {
	m := NewMetrics("test", "test")
	proxy := netip.MustParseAddr("10.0.0.2")
	for _, client := range []string{"10.0.0.2", "10.0.0.3", "10.0.0.3", "223.5.5.5"} {
		m.CameFrom(netip.MustParseAddr(client), proxy, "8")
	}
	want := map[string]float64{AddressProxy: 1, AddressPrivate: 2}
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, f := range families {
		if f.GetName() != "tradefront_client_ip_suspicious_total" {
			continue
		}
		for _, c := range f.GetMetric() {
			kinds++
			if kind := c.GetLabel()[0].GetValue(); c.GetCounter().GetValue() != want[kind] {
				t.Errorf("%s: %v, want %v", kind, c.GetCounter().GetValue(), want[kind])
			}
		}
	}
	if kinds != len(AddressKinds()) {
		t.Errorf("%d kinds are counted, want all %d from the start", kinds, len(AddressKinds()))
	}
}
