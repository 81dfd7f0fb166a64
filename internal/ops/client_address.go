package ops

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"sync"
)

// The kinds of client addresses that can hardly be a customer's own: a load balancer or an
// address translation between the customer and the front may hide it.
const (
	AddressProxy     = "proxy"      // the proxy's own
	AddressLoopback  = "loopback"   // this machine's
	AddressLinkLocal = "link_local" // of one cable
	AddressPrivate   = "private"    // RFC 1918, RFC 4193
	AddressCGNAT     = "cgnat"      // RFC 6598: a provider's translation
	AddressReserved  = "reserved"   // no customer's: documentation, benchmarks, class E
)

// AddressKinds lists them all, for metrics that start at zero.
func AddressKinds() []string {
	return []string{AddressProxy, AddressLoopback, AddressLinkLocal, AddressPrivate, AddressCGNAT, AddressReserved}
}

var (
	cgnat    = netip.MustParsePrefix("100.64.0.0/10")
	reserved = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("100::/64"),
	}
)

// addressKind is "" for an address that a customer can have in the Internet. proxy is the
// address of the proxy that the client came through, invalid if there is none.
func addressKind(client, proxy netip.Addr) string {
	switch client = client.Unmap(); {
	case proxy.IsValid() && client == proxy.Unmap():
		return AddressProxy
	case client.IsLoopback():
		return AddressLoopback
	case client.IsLinkLocalUnicast():
		return AddressLinkLocal
	case client.IsPrivate():
		return AddressPrivate
	case cgnat.Contains(client):
		return AddressCGNAT
	}
	for _, p := range reserved {
		if p.Contains(client) {
			return AddressReserved
		}
	}
	return ""
}

const (
	// loginsKept is how many logins are looked back on: the last ones of different
	// customers. One that logs in again and again from one place counts once.
	loginsKept = 1024
	// loginsEnough is how many of them a share must be of before it is published.
	loginsEnough = 100
	// hiddenShare is the share from which on it looks as if clients were hidden.
	hiddenShare = 0.5
)

// clientAddresses keeps the addresses of the last logins as hashes: enough to see that many
// customers have one address, not enough to say which. Its memory is bounded by
// loginsKept. It is safe for concurrent use; make it with newClientAddresses.
type clientAddresses struct {
	seed maphash.Seed

	mu        sync.Mutex
	ring      [loginsKept]lastLogin
	next      int
	customers map[uint64]struct{} // customer-at-address of each entry of the ring
	addresses map[uint64]int      // how many entries have it
	within    int                 // entries whose address is of some kind but loopback
}

type lastLogin struct {
	customer uint64 // 0 for an entry that was never filled
	address  uint64
	within   bool
}

func newClientAddresses() *clientAddresses {
	return &clientAddresses{
		seed: maphash.MakeSeed(), customers: make(map[uint64]struct{}, loginsKept), addresses: make(map[uint64]int, loginsKept),
	}
}

// note remembers an accepted login, and forgets the oldest instead.
func (s *clientAddresses) note(client netip.Addr, account, kind string) {
	entry := lastLogin{
		address: maphash.Comparable(s.seed, client),
		customer: maphash.Comparable(s.seed, struct {
			client  netip.Addr
			account string
		}{client, account}) | 1, // never 0
		within: kind != "" && kind != AddressLoopback,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.customers[entry.customer]; known {
		return
	}
	s.forget(s.ring[s.next])
	s.ring[s.next] = entry
	s.next = (s.next + 1) % loginsKept
	s.customers[entry.customer] = struct{}{}
	s.addresses[entry.address]++
	if entry.within {
		s.within++
	}
}

func (s *clientAddresses) forget(old lastLogin) {
	if old.customer == 0 {
		return
	}
	delete(s.customers, old.customer)
	if s.addresses[old.address]--; s.addresses[old.address] == 0 {
		delete(s.addresses, old.address)
	}
	if old.within {
		s.within--
	}
}

// shares are those of the most frequent address, and of addresses that are not of the
// Internet, among the last logins; zero while they are fewer than loginsEnough.
func (s *clientAddresses) shares() (logins int, top, within float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	logins = len(s.customers)
	if logins < loginsEnough {
		return logins, 0, 0
	}
	most := 0
	for _, n := range s.addresses {
		most = max(most, n)
	}
	return logins, float64(most) / float64(logins), float64(s.within) / float64(logins)
}

// check is for the readiness page: a record with the load balancer's address is as good as none.
func (s *clientAddresses) check() (ready bool, reason string) {
	const advice = ": is there a load balancer or an address translation that hides the customers? " +
		"Have it send the PROXY header and set client_address: proxy, see Load balancers in docs/operations.md"
	switch logins, top, within := s.shares(); {
	case top >= hiddenShare:
		return false, fmt.Sprintf("%.0f %% of the last %d customers came from one address", 100*top, logins) + advice
	case within >= hiddenShare:
		return false, fmt.Sprintf("%.0f %% of the last %d customers came from addresses that are not of the Internet", 100*within, logins) + advice
	case logins < loginsEnough:
		return true, "too few logins to say"
	default:
		return true, fmt.Sprintf("at most %.0f %% of the last %d customers share an address", 100*top, logins)
	}
}
