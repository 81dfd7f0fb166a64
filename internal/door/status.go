package door

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// Status is how things stand at the door.
type Status struct {
	Limit           int // of connections
	Open            int // connections
	Unauthenticated int // of them
	Closing         int // of them: evicted, not closed yet
	Sources         int // with open connections
	Heaviest        []SourceStatus
	Penalised       int // sources, and networks, whose newcomers are refused
	InDebt          int // sources with any debt
	Penalties       []Penalty
	Refused         map[string]uint64 // since the start, by the words of Refusals
	Evicted         uint64            // since the start
}

// SourceStatus is a source with open connections.
type SourceStatus struct {
	Source          netip.Prefix // the zero Prefix: no usable address
	Open            int
	Unauthenticated int
	Exempt          bool
}

// Penalty is a source, or a network, whose newcomers are refused.
type Penalty struct {
	Source netip.Prefix
	Left   time.Duration
}

var refusals = [...]reason.Close{
	reason.FrontFull, reason.SourceFull, reason.SourcePenalized, reason.UnauthenticatedFull,
}

// Refusals are the words of the reasons for which a newcomer can be refused here.
func Refusals() []string {
	words := make([]string, len(refusals))
	for i, r := range refusals {
		words[i] = r.String()
	}
	return words
}

// Status gives the top sources of each kind. It holds the door for as long as it takes to
// look at all sources once: a few milliseconds for tens of thousands.
func (d *Door) Status(top int, now time.Time) Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{
		Limit: d.limits.Connections,
		Open:  d.open, Unauthenticated: d.waiting, Closing: d.closing, Sources: len(d.sources), Evicted: d.evicted,
		Refused: make(map[string]uint64),
	}
	for _, r := range refusals {
		s.Refused[r.String()] = d.refused[r]
	}
	for _, o := range d.sources {
		s.Heaviest = append(s.Heaviest, SourceStatus{o.name, o.open, o.waiting, o.exempt})
	}
	for i := range d.debts {
		for _, o := range d.debts[i].queue {
			left := o.paid.Sub(now)
			if left > 0 && i == 0 {
				s.InDebt++
			}
			if left > 0 && o.shut {
				s.Penalties = append(s.Penalties, Penalty{o.name, left})
			}
		}
	}
	s.Penalised = len(s.Penalties)
	slices.SortFunc(s.Heaviest, func(a, b SourceStatus) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), a.Source.Addr().Compare(b.Source.Addr()))
	})
	slices.SortFunc(s.Penalties, func(a, b Penalty) int {
		return cmp.Or(cmp.Compare(b.Left, a.Left), a.Source.Addr().Compare(b.Source.Addr()))
	})
	s.Heaviest = slices.Clip(s.Heaviest[:min(top, len(s.Heaviest))])
	s.Penalties = slices.Clip(s.Penalties[:min(top, len(s.Penalties))])
	return s
}
