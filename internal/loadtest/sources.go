package loadtest

import (
	"errors"
	"net/netip"
)

// attackSources are the addresses that attackers come from, at most.
const attackSources = 1 << 15

// errAttackSources refuses scenario hostile where the front would see attackers and honest terminals at one address.
var errAttackSources = errors.New("scenario hostile: attackers need addresses of their own, since the front penalizes an address for all that come from it: " +
	"name a front at an address of 127.0.0.0/8 with --to, or give --proxy-protocol to a listener that trusts this machine")

// notLoopback4 reports whether an address of 127.0.0.0/8 cannot reach the front.
func notLoopback4(front netip.AddrPort) bool {
	return !front.Addr().Is4() || !front.Addr().IsLoopback()
}

// sources is how many addresses honest visits come from; 0: as the system chooses.
func (p *Plan) sources() int {
	if p.Proxy && p.Sources == 0 {
		return maxSources
	}
	return p.Sources
}

// source is the address that a visit of the account comes from, of 127.0.0.0/8 or, in its PROXY header, of 10.0.0.0/8; chosen is false if
// the system chooses it.
func (p *Plan) source(k kind, account int) (addr [4]byte, chosen bool) {
	network := byte(127)
	if p.Proxy {
		network = 10
	}
	switch n := p.sources(); {
	case k != honest:
		return attackSource(network, account%attackSources), true
	case n > 0:
		return sourceOf(network, account%n), true
	}
	return addr, false
}

// sourceOf is address i of a network: 127.0.0.1, 127.0.0.2, … of 254 in each /24.
func sourceOf(network byte, i int) [4]byte {
	return [4]byte{network, byte(i / 254 / 256), byte(i / 254), byte(i%254) + 1}
}

// attackSource is attack address i of a network, in the half of it that honest visits do not come from: 127.128.0.1, 127.128.1.1, … Each
// has a /24 of its own, so that the front penalizes none for what others did.
func attackSource(network byte, i int) [4]byte {
	return [4]byte{network, 128 + byte(i>>8), byte(i), 1}
}
