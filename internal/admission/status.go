package admission

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// Status is what a Control counts at one moment.
type Status struct {
	Limit           int // of connections
	Open            int // connections
	Unauthenticated int // of them
	Closing         int // of them: evicted, not closed yet
	Sources         int // with open connections
	Heaviest        []SourceStatus
	Penalized       int // sources, and networks, whose newcomers are refused
	InDebt          int // sources with any debt
	Penalties       []Penalty
	Refused         map[string]uint64 // since the start, by the names in Refusals
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
	reason.FrontFull, reason.SourceBanned, reason.SourceFull, reason.SourcePenalized, reason.UnauthenticatedFull,
}

// Refusals are the names of the reasons for which a newcomer can be refused here.
func Refusals() []string {
	names := make([]string, len(refusals))
	for i, r := range refusals {
		names[i] = r.String()
	}
	return names
}

// Status gives the top sources of each kind. It holds the Control's lock while it
// looks at all sources once: a few milliseconds for tens of thousands.
func (a *Control) Status(top int, now time.Time) Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := Status{
		Limit: a.limits.Connections,
		Open:  a.total, Unauthenticated: a.waiting, Closing: a.closing, Sources: len(a.sources), Evicted: a.evicted,
		Refused: make(map[string]uint64),
	}
	for _, r := range refusals {
		s.Refused[r.String()] = a.refused[r]
	}
	for _, o := range a.sources {
		s.Heaviest = append(s.Heaviest, SourceStatus{o.name, o.open, o.waiting, o.exempt})
	}
	for i := range a.debts {
		for _, o := range a.debts[i].queue {
			left := o.paid.Sub(now)
			if left > 0 && i == 0 {
				s.InDebt++
			}
			if left > 0 && o.penalized {
				s.Penalties = append(s.Penalties, Penalty{o.name, left})
			}
		}
	}
	s.Penalized = len(s.Penalties)
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
