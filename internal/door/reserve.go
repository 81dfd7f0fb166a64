package door

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
)

// reserve is how many connections a second come in nevertheless from a shut source that
// accepted logins speak for: nothing at accept tells its customers from the stranger among them,
// and none of them would come in else. It costs the front about a hundredth of one processor.
var reserve = rate.Limit{PerSecond: 20, Burst: 40}

// reserveSources is how many sources have a reserve at once.
const reserveSources = 4096

// misbehaved tells whether newcomers are refused for debts, their source's or a network's
// around it. The debts of a network are not those of a source that logins speak for.
func (d *Door) misbehaved(p *source.Path, now time.Time) bool {
	vouched := d.known[0].logins(p.Source(), now) > 0
	if d.debts[0].shut(p.Source(), now) {
		return !vouched || !d.reserve.Take(p.Source(), reserve, now)
	}
	for i := 1; i < p.Len() && !vouched; i++ {
		if d.debts[i].shut(p.At(i), now) {
			return true
		}
	}
	return false
}

// penalise books an offence with the source, and with the networks around it by their share:
// until the source is shut, and no more than Threshold at once, so that one source alone never
// shuts its network, whatever it costs or its reserve lets in.
func (d *Door) penalise(s *origin, o Offence, now time.Time) {
	p, shut := d.limits.Penalties, d.debts[0].shut(s.name, now)
	for i := 0; s != nil; i, s = i+1, s.within {
		cost := p.Cost[o]
		if i > 0 {
			cost = min(cost, p.Threshold) / time.Duration(s.share)
		}
		authenticated := max(0, s.open-s.waiting)
		if d.debts[i].add(s.name, p, cost, 1+authenticated+d.known[i].logins(s.name, now), now); shut {
			return
		}
	}
}

// note counts an accepted login for the source and the networks around it.
func (d *Door) note(s *origin, now time.Time) {
	for i := 0; s != nil; i, s = i+1, s.within {
		d.known[i].note(s.name, d.limits.Penalties.Sources, now)
	}
}

// crowded tells whether a source, or a network around it, has all the connections that it may.
func (d *Door) crowded(p *source.Path) bool {
	if d.limits.PerSource <= 0 {
		return false
	}
	for i := range levelsOf(p) {
		if o := d.at(i, p.At(i)); o != nil && o.open >= d.limits.PerSource*p.Share(i) {
			return true
		}
	}
	return false
}

func (d *Door) at(level int, name netip.Prefix) *origin {
	if level == 0 {
		return d.sources[name]
	}
	return d.networks[name]
}

// judge looks at the source and the networks around it alone.
func (d *Door) judge(p *source.Path, now time.Time) reason.Close {
	s := d.sources[p.Source()]
	switch {
	case s != nil && s.exempt, s == nil && d.isExempt(p.Source()):
		return reason.StayOpen
	case d.misbehaved(p, now):
		return reason.SourcePenalized
	case d.crowded(p):
		return reason.SourceFull
	}
	return reason.StayOpen
}
