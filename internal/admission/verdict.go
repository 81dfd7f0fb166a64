package admission

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
)

// reserve is how many connections a second are admitted nevertheless from a penalized source
// that has good logins: at accept nothing tells its customers from the attacker among them, and
// without it no customer would get in. They cost the front about a hundredth of one processor.
var reserve = rate.Limit{PerSecond: 20, Burst: 40}

// reserveSources is how many sources have a reserve at once.
const reserveSources = 4096

// judge looks at the source and the networks around it alone.
func (a *Control) judge(p *source.Path, now time.Time) reason.Close {
	s := a.sources[p.Source()]
	switch {
	case s != nil && s.exempt, s == nil && a.isExempt(p.Source()):
		return reason.StayOpen
	case a.penalized(p, now):
		return reason.SourcePenalized
	case a.crowded(p):
		return reason.SourceFull
	}
	return reason.StayOpen
}

// penalized reports whether newcomers are refused for debts of their source or of a network
// around it. The debts of a network do not count for a source that has good logins.
func (a *Control) penalized(p *source.Path, now time.Time) bool {
	good := a.good[0].logins(p.Source(), now) > 0
	if a.debts[0].penalized(p.Source(), now) {
		return !good || !a.reserve.Take(p.Source(), reserve, now)
	}
	for i := 1; i < p.Len() && !good; i++ {
		if a.debts[i].penalized(p.At(i), now) {
			return true
		}
	}
	return false
}

// penalize adds an offence to the debt of the source, and by their share to those of the
// networks around it: only until the source is penalized, and no more than Threshold at once.
// So one source alone never gets its network penalized, at any cost of an offence and any number that
// the reserve admits.
func (a *Control) penalize(s *origin, o Offence, now time.Time) {
	p, penalized := a.limits.Penalties, a.debts[0].penalized(s.name, now)
	for i := 0; s != nil; i, s = i+1, s.within {
		cost := p.Cost[o]
		if i > 0 {
			cost = min(cost, p.Threshold) / time.Duration(s.share)
		}
		authenticated := max(0, s.open-s.waiting)
		a.debts[i].add(s.name, p, cost, 1+authenticated+a.good[i].logins(s.name, now), now)
		if penalized {
			return
		}
	}
}

// countLogin counts an accepted login for the source and the networks around it.
func (a *Control) countLogin(s *origin, now time.Time) {
	for i := 0; s != nil; i, s = i+1, s.within {
		a.good[i].note(s.name, now)
	}
}

// crowded reports whether a source, or a network around it, has all the connections that it may
// have.
func (a *Control) crowded(p *source.Path) bool {
	if a.limits.PerSource <= 0 {
		return false
	}
	for i := range levelsOf(p) {
		if o := a.at(i, p.At(i)); o != nil && o.open >= a.limits.PerSource*p.Share(i) {
			return true
		}
	}
	return false
}

func (a *Control) at(level int, name netip.Prefix) *origin {
	if level == 0 {
		return a.sources[name]
	}
	return a.networks[name]
}
