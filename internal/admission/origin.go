package admission

import (
	"net/netip"

	"github.com/tradefront/tradefront/internal/source"
)

// origin is a source, or a network around some. Networks are counted too, so that a subscriber
// who has many sources of one network is held to what Share of them may have.
type origin struct {
	name   netip.Prefix
	within *origin // the network around it; nil for the widest, and where there is no address
	share  int
	exempt bool // of a source
	open   int  // connections, without victims and, in a network, without those of exempt sources
	inside int  // of a network: sources and networks that are counted in it

	waiting  int     // unauthenticated connections in it
	queue    queue   // of a source: they, the oldest first
	ranking  ranking // of a network: what is in it and has some
	rank     int     // in the ranking around it, or unranked
	pressure int
	oldest   uint64 // the age of the connection that would be the next victim
}

const unranked = -1

// levelsOf is how many levels a path is counted on; without an address it is one.
func levelsOf(p *source.Path) int { return max(p.Len(), 1) }

// originOf finds the source of a path, or makes it with the networks around it.
func (a *Control) originOf(p *source.Path) *origin {
	if s := a.sources[p.Source()]; s != nil {
		return s
	}
	var around *origin
	for i := levelsOf(p) - 1; i > 0; i-- {
		n := a.networks[p.At(i)]
		if n == nil {
			n = newOrigin(p.At(i), around, p.Share(i))
			a.networks[n.name] = n
		}
		around = n
	}
	s := newOrigin(p.Source(), around, 1)
	s.exempt = a.isExempt(s.name)
	a.sources[s.name] = s
	return s
}

func newOrigin(name netip.Prefix, within *origin, share int) *origin {
	if within != nil {
		within.inside++
	}
	return &origin{name: name, within: within, share: share, rank: unranked}
}

// remove forgets a source that has no connections, and the networks that are empty with it.
func (a *Control) remove(s *origin) {
	delete(a.sources, s.name)
	for n := s.within; n != nil; n = n.within {
		if n.inside--; n.inside > 0 {
			return
		}
		delete(a.networks, n.name)
	}
}

// count adds to the connections of a source and of the networks around it.
func (s *origin) count(more int) {
	s.open += more
	if s.exempt {
		return
	}
	for n := s.within; n != nil; n = n.within {
		n.open += more
	}
}

// recount finds out again which sources are exempt.
func (a *Control) recount() {
	for _, n := range a.networks {
		n.open = 0
	}
	for _, s := range a.sources {
		s.exempt = a.isExempt(s.name)
		for n := s.within; n != nil && !s.exempt; n = n.within {
			n.open += s.open
		}
	}
}
