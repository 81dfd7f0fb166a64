package admission

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// Ban keeps an address or a network out until it ends. Good logins, exemptions and the sender of the PROXY header do not count: an operator
// decided it.
type Ban struct {
	Network netip.Prefix
	Ends    time.Time
}

// bans are found by the address at each length that one of them has: a look costs as many look-ups as there are lengths.
type bans struct {
	ends    map[netip.Prefix]time.Time
	lengths []int // of prefixes, of both families
}

// SetBans puts these in the place of those before. They count for newcomers; its owner ends an open connection that is Covered.
func (a *Control) SetBans(all []Ban) {
	next := bans{ends: make(map[netip.Prefix]time.Time, len(all))}
	for _, b := range all {
		next.ends[b.Network.Masked()] = b.Ends
		if !slices.Contains(next.lengths, b.Network.Bits()) {
			next.lengths = append(next.lengths, b.Network.Bits())
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bans = next
}

// Banned reports whether a newcomer from there is refused by a ban, and counts it then. The caller asks before Admit and AdmitProxied of the
// peer, and of the client that a PROXY header names of a relay; Identify does of every other client.
func (a *Control) Banned(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.bans.cover(addr, now) {
		return false
	}
	a.refused[reason.SourceBanned]++
	return true
}

// Covered reports whether a ban in force has that address, and counts nothing.
func (a *Control) Covered(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bans.cover(addr, now)
}

// Bans is how many are in force.
func (a *Control) Bans(now time.Time) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ends := range a.bans.ends {
		if now.Before(ends) {
			n++
		}
	}
	return n
}

func (b *bans) cover(addr netip.Addr, now time.Time) bool {
	addr = addr.Unmap().WithZone("")
	for _, length := range b.lengths {
		network, err := addr.Prefix(length)
		if err != nil {
			continue // of the other family
		}
		if ends, is := b.ends[network]; is && now.Before(ends) {
			return true
		}
	}
	return false
}
