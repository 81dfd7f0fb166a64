package config

import (
	"fmt"
	"net/netip"
)

// Listens is an address that a front listens on, and its key.
type Listens struct {
	Key     string // "front.listeners[0].address"
	Address Address
}

// Addresses are all that a front listens on: for terminals, for people, for load balancers.
func (c *Config) Addresses() (all []Listens) {
	for i, l := range c.Front.Listeners {
		all = append(all, Listens{entryKey("front.listeners", i) + ".address", l.Address})
	}
	for _, l := range []Listens{{"admin.address", c.Admin.Address}, {"admin.health_address", c.Admin.HealthAddress}} {
		if l.Address.Given() {
			all = append(all, l)
		}
	}
	return all
}

// checkAddresses refuses two listeners that would take connections for the same address.
func (c *Config) checkAddresses(settled Faults) (faults Faults) {
	if len(c.Front.Listeners) == 0 {
		faults.add("front.listeners", "is empty: no terminal could connect", "add an entry with an address")
	}
	if c.Admin.Pprof && !c.Admin.Address.Given() && !settled.on("admin.address") {
		faults.add("admin.pprof", "needs admin.address", "")
	}
	var seen []binding
	for i, l := range c.Addresses() {
		if !l.Address.Given() || l.Address.Port == 0 {
			continue // any free port is never the same one
		}
		b := bindingOf(l, i >= len(c.Front.Listeners))
		if fault := b.conflict(seen); fault.Problem != "" {
			faults = append(faults, fault)
			continue
		}
		seen = append(seen, b)
	}
	return faults
}

// binding is what a listener binds.
type binding struct {
	Listens
	host       string
	ip         netip.Addr // not valid for a host name
	all4, all6 bool       // every IPv4 address of the machine, every IPv6 one
}

// bindingOf is what the listener binds. both: 0.0.0.0 binds IPv6 as well, as in package net; the
// listeners for terminals keep it to IPv4.
func bindingOf(l Listens, both bool) binding {
	b := binding{Listens: l, host: l.Address.Host, ip: l.Address.ip}
	if b.host == "localhost" {
		b.host, b.ip = "127.0.0.1", netip.AddrFrom4([4]byte{127, 0, 0, 1}) // which Go prefers
	}
	wildcard6 := b.host == "" || b.ip.Is6() && b.ip.IsUnspecified() // which Linux and Go bind to both
	b.all4 = wildcard6 || b.ip.Is4() && b.ip.IsUnspecified()
	b.all6 = wildcard6 || b.all4 && both
	return b
}

// conflict is the fault of a listener that one of those before it keeps from binding.
func (b *binding) conflict(before []binding) Fault {
	for i := range before {
		other := &before[i]
		switch {
		case other.Address == b.Address:
			return Fault{Key: b.Key, Problem: "is the address of " + other.Key + " already"}
		case b.overlaps(other):
			return Fault{
				Key:     b.Key,
				Problem: fmt.Sprintf("%v takes in addresses of %s (%v): the kernel lets one of them listen", b.Address, other.Key, other.Address),
				Fix:     "give one of them another port, or an address of its own",
			}
		}
	}
	return Fault{}
}

// overlaps reports whether both cannot be listened on. The addresses of a host name are not known
// here: only a listener on every address surely takes them in.
func (b *binding) overlaps(other *binding) bool {
	return b.Address.Port == other.Address.Port &&
		(b.host == other.host || b.ip.IsValid() && b.ip == other.ip || b.covers(other) || other.covers(b))
}

func (b *binding) covers(other *binding) bool {
	if b.all4 && b.all6 {
		return true
	}
	return b.all4 && (other.ip.Is4() || other.all4) || b.all6 && (other.ip.Is6() || other.all6)
}
