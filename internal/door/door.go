package door

import (
	"container/heap"
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/session"
)

// Limits are what the door holds connections to. They may change at any time.
type Limits struct {
	Connections     int            // at once
	PerSource       int            // of one source; 0 for no bound
	Unauthenticated EarlyDrop      // zero for no bound
	Penalties       Penalties      // zero for none
	Exempt          []netip.Prefix // without bound per source, and without penalties
}

// EarlyDrop bounds the connections that have not authenticated, as OpenSSH's MaxStartups.
type EarlyDrop struct {
	Start int // up to here nobody is dropped
	Rate  int // percent, at Start
	Full  int // never more than that; 0 for no bound
}

// maxClosing is how many victims may wait for their loops to close them.
const maxClosing = 256

// Door counts who is inside. Its methods may be called from any goroutine.
type Door struct {
	mu     sync.Mutex
	limits Limits
	chance func() float64 // from 0 up to 1, decides early drops

	open    int // everybody between Enter or Admit, and Leave
	closing int // of them, victims
	waiting int // of them, unauthenticated with a known source
	sources map[netip.Prefix]*source
	byRank  ranking // the sources that have unauthenticated connections
	idle    queue   // the connections that are authenticated and not logged in, nor logging in
	debts   debts
	known   standings
	age     uint64 // counts visitors: a lower one came earlier
	refused map[session.CloseReason]uint64
	evicted uint64
}

// New is a door that nobody has entered. chance gives evenly spread numbers from 0 up to 1,
// and is called under the door's lock.
func New(limits Limits, chance func() float64) *Door {
	return &Door{
		limits: limits, chance: chance,
		sources: make(map[netip.Prefix]*source),
		debts:   debts{of: make(map[netip.Prefix]*debt)},
		known:   standings{of: make(map[netip.Prefix]*list.Element)},
		refused: make(map[session.CloseReason]uint64),
	}
}

// Visitor is one connection. Owner is the caller's; everything else is the door's.
type Visitor struct {
	Owner any

	source         *source // nil until it is known, and once it is out of all caps
	age            uint64
	victim         bool
	queue          *queue   // its source's, of those that have not authenticated; or Door.idle
	earlier, later *Visitor // in that queue
}

// Verdict is what follows from a newcomer.
type Verdict struct {
	// Refused is why the newcomer must be closed; StayOpen lets it in.
	Refused session.CloseReason
	// Victim, if not nil, must be closed as Evicted.
	Victim *Visitor
}

// SetLimits takes effect for newcomers; nobody inside is closed for it.
func (d *Door) SetLimits(limits Limits) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits = limits
	for _, s := range d.sources {
		s.exempt = d.isExempt(s.name)
	}
	d.debts.shrink(limits.Penalties.Sources)
	d.known.shrink(limits.Penalties.Sources)
}

// Admit judges a newcomer whose source is known at accept.
func (d *Door) Admit(v *Visitor, addr netip.Addr, now time.Time) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := SourceOf(addr)
	s := d.sources[name]
	if reason := d.judge(name, s, now); reason != session.StayOpen {
		return d.refuse(reason)
	}
	verdict := d.makeRoom(s)
	if verdict.Refused == session.StayOpen && verdict.Victim == nil {
		verdict = d.dropEarly(s)
	}
	if verdict.Refused != session.StayOpen {
		return d.refuse(verdict.Refused)
	}
	d.enter(v)
	d.settle(v, name)
	return verdict
}

// Enter judges a newcomer from a trusted proxy by the total alone.
func (d *Door) Enter(v *Visitor) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	verdict := d.makeRoom(nil)
	if verdict.Refused != session.StayOpen {
		return d.refuse(verdict.Refused)
	}
	d.enter(v)
	return verdict
}

// Learn judges by its source a connection that has entered. If it is refused it must be
// closed, and Leave.
func (d *Door) Learn(v *Visitor, addr netip.Addr, now time.Time) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.victim || v.source != nil {
		return Verdict{}
	}
	name := SourceOf(addr)
	s := d.sources[name]
	if reason := d.judge(name, s, now); reason != session.StayOpen {
		return d.refuse(reason)
	}
	verdict := d.dropEarly(s)
	if verdict.Refused != session.StayOpen {
		return d.refuse(verdict.Refused)
	}
	d.settle(v, name)
	return verdict
}

// Authenticated takes a connection out of those that may be dropped for any other. Until it
// logs in it may still be dropped when the total is reached. It is called again after a
// login that was refused.
func (d *Door) Authenticated(v *Visitor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dequeue(v)
	if !v.victim {
		d.idle.join(v)
	}
}

// LoggingIn takes a connection out of those that may be dropped.
func (d *Door) LoggingIn(v *Visitor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dequeue(v)
}

// LoggedIn notes an accepted login: it speaks for the connection's source, also once it is
// over.
func (d *Door) LoggedIn(v *Visitor, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := v.source; s != nil && !s.exempt {
		d.known.note(s.name, d.limits.Penalties.Sources, now)
	}
}

// Penalise adds what an offence costs to the debt of the connection's source.
func (d *Door) Penalise(v *Visitor, o Offence, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := v.source; s != nil && !s.exempt {
		authenticated := s.open - s.waiting.n
		d.debts.add(s.name, d.limits.Penalties, o, 1+authenticated+d.known.logins(s.name, now), now)
	}
}

// Leave is the end of a connection that was let in.
func (d *Door) Leave(v *Visitor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
	if v.victim {
		d.closing--
	}
	d.unsettle(v)
}

func (d *Door) refuse(reason session.CloseReason) Verdict {
	d.refused[reason]++
	return Verdict{Refused: reason}
}

// judge looks at the source alone; s is nil if none of it is inside.
func (d *Door) judge(name netip.Prefix, s *source, now time.Time) session.CloseReason {
	switch {
	case s != nil && s.exempt, s == nil && d.isExempt(name):
		return session.StayOpen
	case d.debts.shut(name, now):
		return session.SourcePenalized
	case s != nil && d.limits.PerSource > 0 && s.open >= d.limits.PerSource:
		return session.SourceFull
	}
	return session.StayOpen
}

// makeRoom holds to the total. Victims do not count any more.
func (d *Door) makeRoom(newcomer *source) Verdict {
	if d.open-d.closing < d.limits.Connections {
		return Verdict{}
	}
	return d.displace(newcomer, session.FrontFull)
}

// dropEarly holds to the bounds of unauthenticated connections.
func (d *Door) dropEarly(newcomer *source) Verdict {
	b := d.limits.Unauthenticated
	switch {
	case b.Full == 0 || d.waiting < b.Start:
		return Verdict{}
	case d.waiting < b.Full:
		percent := float64(b.Rate) + float64(100-b.Rate)*float64(d.waiting-b.Start)/float64(b.Full-b.Start)
		if d.chance()*100 >= percent {
			return Verdict{}
		}
	}
	return d.displace(newcomer, session.UnauthenticatedFull)
}

// displace finds who goes: the newcomer, for the reason given, or a victim.
func (d *Door) displace(newcomer *source, reason session.CloseReason) Verdict {
	victim := d.mayGo(newcomer, reason)
	if victim == nil || d.closing >= maxClosing {
		return Verdict{Refused: reason}
	}
	d.unsettle(victim)
	victim.victim = true
	d.closing++
	d.evicted++
	return Verdict{Victim: victim}
}

// mayGo is nil if the newcomer loses. Among those that only keep their place it is the one
// that has kept it longest: whoever is about to log in does so in a moment.
func (d *Door) mayGo(newcomer *source, reason session.CloseReason) *Visitor {
	switch {
	case len(d.byRank) == 0 && reason == session.FrontFull:
		return d.idle.first
	case len(d.byRank) == 0 || d.byRank[0] == newcomer:
		return nil
	}
	return d.byRank[0].waiting.first
}

func (d *Door) enter(v *Visitor) {
	d.age++
	v.age = d.age
	d.open++
}

// settle counts a connection in with its source, as unauthenticated.
func (d *Door) settle(v *Visitor, name netip.Prefix) {
	s := d.sources[name]
	if s == nil {
		s = &source{name: name, exempt: d.isExempt(name), rank: unranked}
		d.sources[name] = s
	}
	v.source = s
	s.open++
	d.waiting++
	s.waiting.join(v)
	if s.rank == unranked {
		heap.Push(&d.byRank, s)
	} else {
		heap.Fix(&d.byRank, s.rank)
	}
}

// unsettle takes a connection out of all caps but the total.
func (d *Door) unsettle(v *Visitor) {
	d.dequeue(v)
	s := v.source
	if s == nil {
		return
	}
	v.source = nil
	if s.open--; s.open == 0 {
		delete(d.sources, s.name)
	}
}

func (d *Door) dequeue(v *Visitor) {
	q, s := v.queue, v.source
	if q == nil {
		return
	}
	q.part(v)
	switch {
	case q == &d.idle:
		return
	case q.n == 0:
		heap.Remove(&d.byRank, s.rank)
	default:
		heap.Fix(&d.byRank, s.rank)
	}
	d.waiting--
}

// isExempt is true for connections without a usable address too: nobody can be told apart.
func (d *Door) isExempt(name netip.Prefix) bool {
	return !name.IsValid() || slices.ContainsFunc(d.limits.Exempt, func(p netip.Prefix) bool { return p.Contains(name.Addr()) })
}
