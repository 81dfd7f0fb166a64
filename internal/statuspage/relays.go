package statuspage

import (
	"cmp"
	"slices"
)

// shownRelays bounds the list.
const shownRelays = 20

// ShowRelays reports whether this front admits relays.
func (p *page) ShowRelays() bool { return p.Relays != nil }

// relayRow is a relay with what came through it today.
type relayRow struct {
	Relay
	Accepted, Refused uint64
}

// relayRows are the relays as the page shows them.
type relayRows struct {
	Shown []relayRow
	More  int
}

// RelayRows has the relays that guess passwords first, then those with most of today.
func (p *page) RelayRows() (r relayRows) {
	for _, relay := range p.Relays {
		accepted := relay.Today[acceptedWord] + relay.Today[againWord]
		r.Shown = append(r.Shown, relayRow{relay, accepted, relay.Today.Sum() - accepted})
	}
	slices.SortStableFunc(r.Shown, func(a, b relayRow) int {
		return cmp.Or(first(a.Guessing, b.Guessing), cmp.Compare(b.Today.Sum(), a.Today.Sum()), cmp.Compare(b.Connections, a.Connections))
	})
	if more := len(r.Shown) - shownRelays; more > 0 {
		r.Shown, r.More = r.Shown[:shownRelays], more
	}
	return r
}

// first sorts what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
