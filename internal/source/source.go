// Package source defines a source, the part of an address that one customer or one attacker
// has, and the wider networks around it. It is a leaf: admission, core and the audit
// log count by the same sources.
//
// A source is one IPv4 address, or one /64 of IPv6, which is what one line is given. One
// subscriber may have a whole /48 of those, and a customer of a hosting provider often has a run of
// IPv4 addresses: so a bound that holds for a source holds for the networks around it too,
// at what Share of its sources may have. The share is far above what the honest customers of
// one network do at one moment, and far below what an attacker with all of it could.
package source

import "net/netip"

// Levels is how many levels an address has at most.
const Levels = 3

// level is how many bits of an address count, and how many sources' worth a network of that
// size may have.
type level struct{ bits, share int }

var (
	levels4 = []level{{32, 1}, {24, MaxShare}}
	levels6 = []level{{Bits6, 1}, {56, 4}, {48, MaxShare}}
)

const (
	// Bits6 is how many bits of an IPv6 address tell sources apart.
	Bits6 = 64
	// MaxShare is the largest share, the widest networks'.
	MaxShare = 16
)

// Of is the source that an address belongs to; the zero Prefix if there is none.
func Of(addr netip.Addr) netip.Prefix { return PathOf(addr).Source() }

// Path is a source and the networks that it lies in. Its zero value is that of no address.
type Path struct {
	at [Levels]netip.Prefix
	n  int
}

// PathOf is the path of an address; without levels if it is none.
func PathOf(addr netip.Addr) (p Path) {
	addr = addr.Unmap().WithZone("")
	for _, l := range levelsOf(addr) {
		prefix, err := addr.Prefix(l.bits)
		if err != nil {
			return Path{} // impossible: each level is shorter than its address
		}
		p.at[p.n] = prefix
		p.n++
	}
	return p
}

func levelsOf(addr netip.Addr) []level {
	switch {
	case addr.Is4():
		return levels4
	case addr.Is6():
		return levels6
	}
	return nil
}

// Len is how many levels there are: 0 without a usable address.
func (p *Path) Len() int { return p.n }

// At is the source for 0, then the networks around it, each wider than the one before.
func (p *Path) At(i int) netip.Prefix { return p.at[i] }

// Share is how many sources' worth level i may have; 1 for the source itself.
func (p *Path) Share(i int) int {
	if i == 0 {
		return 1
	}
	return levelsOf(p.at[0].Addr())[i].share
}

// Source is the narrowest level; the zero Prefix without a usable address.
func (p Path) Source() netip.Prefix { return p.at[0] }
