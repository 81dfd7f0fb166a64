package door

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
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

	open     int // everybody between Enter or Admit, and Leave
	closing  int // of them, victims
	waiting  int // of them, unauthenticated with a known source
	sources  map[netip.Prefix]*origin
	networks map[netip.Prefix]*origin // around them
	ranking  ranking                  // the widest that have unauthenticated connections
	idle     queue                    // the connections that are authenticated and not logged in, nor logging in
	debts    [source.Levels]debts
	known    [source.Levels]standings
	reserve  *rate.Buckets[netip.Prefix] // of connections from shut sources
	age      uint64                      // counts visitors: a lower one came earlier
	refused  map[reason.Close]uint64
	evicted  uint64
}

// New is a door that nobody has entered. chance gives evenly spread numbers from 0 up to 1,
// and is called under the door's lock.
func New(limits Limits, chance func() float64) *Door {
	d := &Door{
		limits: limits, chance: chance,
		sources: make(map[netip.Prefix]*origin), networks: make(map[netip.Prefix]*origin),
		reserve: rate.New[netip.Prefix](reserveSources),
		refused: make(map[reason.Close]uint64),
	}
	for i := range source.Levels {
		d.debts[i].of = make(map[netip.Prefix]*debt)
		d.known[i].of = make(map[netip.Prefix]*list.Element)
	}
	return d
}

// Visitor is one connection. Owner is the caller's; everything else is the door's.
type Visitor struct {
	Owner any

	source         *origin // nil until it is known, and once it is out of all caps
	age            uint64
	victim         bool
	queue          *queue   // its source's, of those that have not authenticated; or Door.idle
	earlier, later *Visitor // in that queue
}

// Verdict is what follows from a newcomer.
type Verdict struct {
	// Refused is why the newcomer must be closed; StayOpen lets it in.
	Refused reason.Close
	// Victim, if not nil, must be closed as Evicted.
	Victim *Visitor
}

// SetLimits takes effect for newcomers; nobody inside is closed for it.
func (d *Door) SetLimits(limits Limits) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits = limits
	d.recount()
	for i := range source.Levels {
		d.debts[i].shrink(limits.Penalties.Sources)
		d.known[i].shrink(limits.Penalties.Sources)
	}
}

// Admit judges a newcomer whose source is known at accept.
func (d *Door) Admit(v *Visitor, addr netip.Addr, now time.Time) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := source.PathOf(addr)
	s := d.sources[path.Source()]
	if why := d.judge(&path, now); why != reason.StayOpen {
		return d.refuse(why)
	}
	verdict := d.makeRoom(s)
	if verdict.Refused == reason.StayOpen && verdict.Victim == nil {
		verdict = d.dropEarly(s)
	}
	if verdict.Refused != reason.StayOpen {
		return d.refuse(verdict.Refused)
	}
	d.enter(v)
	d.settle(v, &path)
	return verdict
}

// Enter judges a newcomer from a trusted proxy by the total alone.
func (d *Door) Enter(v *Visitor) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	verdict := d.makeRoom(nil)
	if verdict.Refused != reason.StayOpen {
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
	path := source.PathOf(addr)
	s := d.sources[path.Source()]
	if why := d.judge(&path, now); why != reason.StayOpen {
		return d.refuse(why)
	}
	verdict := d.dropEarly(s)
	if verdict.Refused != reason.StayOpen {
		return d.refuse(verdict.Refused)
	}
	d.settle(v, &path)
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
		d.note(s, now)
	}
}

// Penalise adds what an offence costs to the debt of the connection's source.
func (d *Door) Penalise(v *Visitor, o Offence, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := v.source; s != nil && !s.exempt {
		d.penalise(s, o, now)
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

func (d *Door) refuse(why reason.Close) Verdict {
	d.refused[why]++
	return Verdict{Refused: why}
}

// makeRoom holds to the total. Victims do not count any more.
func (d *Door) makeRoom(newcomer *origin) Verdict {
	if d.open-d.closing < d.limits.Connections {
		return Verdict{}
	}
	return d.displace(newcomer, reason.FrontFull)
}

// dropEarly holds to the bounds of unauthenticated connections.
func (d *Door) dropEarly(newcomer *origin) Verdict {
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
	return d.displace(newcomer, reason.UnauthenticatedFull)
}

// displace finds who goes: the newcomer, for the reason given, or a victim.
func (d *Door) displace(newcomer *origin, why reason.Close) Verdict {
	victim := d.mayGo(newcomer, why)
	if victim == nil || d.closing >= maxClosing {
		return Verdict{Refused: why}
	}
	d.unsettle(victim)
	victim.victim = true
	d.closing++
	d.evicted++
	return Verdict{Victim: victim}
}

// mayGo is nil if the newcomer loses. Among those that only keep their place it is the one
// that has kept it longest: whoever is about to log in does so in a moment.
func (d *Door) mayGo(newcomer *origin, why reason.Close) *Visitor {
	switch s := d.heaviest(); {
	case s == nil && why == reason.FrontFull:
		return d.idle.first
	case s == nil || s == newcomer:
		return nil
	default:
		return s.queue.first
	}
}

func (d *Door) enter(v *Visitor) {
	d.age++
	v.age = d.age
	d.open++
}

// settle counts a connection in with its source, as unauthenticated.
func (d *Door) settle(v *Visitor, path *source.Path) {
	s := d.settleIn(path)
	v.source = s
	s.count(1)
	s.queue.join(v)
	d.rerank(s, 1)
}

// unsettle takes a connection out of all caps but the total.
func (d *Door) unsettle(v *Visitor) {
	d.dequeue(v)
	s := v.source
	if s == nil {
		return
	}
	v.source = nil
	if s.count(-1); s.open == 0 {
		d.remove(s)
	}
}

func (d *Door) dequeue(v *Visitor) {
	q := v.queue
	if q == nil {
		return
	}
	q.part(v)
	if q != &d.idle {
		d.rerank(v.source, -1)
	}
}

// isExempt is true for connections without a usable address too: nobody can be told apart.
func (d *Door) isExempt(name netip.Prefix) bool {
	return !name.IsValid() || slices.ContainsFunc(d.limits.Exempt, func(p netip.Prefix) bool { return p.Contains(name.Addr()) })
}
