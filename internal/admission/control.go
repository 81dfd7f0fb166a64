package admission

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
)

// Limits are the bounds that a Control enforces. They may change at any time.
type Limits struct {
	Connections     int            // at once
	PerSource       int            // of one source; 0 for no bound
	Unauthenticated EarlyDrop      // zero for no bound
	Penalties       Penalties      // zero for none
	Exempt          []netip.Prefix // without bound per source, and without penalties
}

// EarlyDrop bounds the connections that have not authenticated, as OpenSSH's MaxStartups.
type EarlyDrop struct {
	Start int // up to this number no connection is closed
	Rate  int // percent, at Start
	Full  int // never more than that; 0 for no bound
}

// maxClosing is how many victims may wait for their loops to close them.
const maxClosing = 256

// Control admits connections and counts them. Its methods may be called from any goroutine.
type Control struct {
	mu     sync.Mutex
	limits Limits
	chance func() float64 // from 0 up to 1, decides early drops

	total    int // connections between Admit or AdmitProxied, and Release
	closing  int // of them, victims
	waiting  int // of them, unauthenticated with a known source
	sources  map[netip.Prefix]*origin
	networks map[netip.Prefix]*origin // around them
	ranking  ranking                  // the widest networks that have unauthenticated connections
	idle     queue                    // the connections that are authenticated and not logged in, nor logging in
	debts    [source.Levels]debts
	good     [source.Levels]goodLogins
	reserve  *rate.Buckets[netip.Prefix] // of connections from penalized sources
	age      uint64                      // counts connections: a lower one came earlier
	refused  map[reason.Close]uint64
	evicted  uint64
	bans     bans
}

// New makes a Control without connections. chance returns evenly distributed numbers from 0
// up to 1, and is called with the Control's lock held.
func New(limits Limits, chance func() float64) *Control {
	a := &Control{
		limits: limits, chance: chance,
		sources: make(map[netip.Prefix]*origin), networks: make(map[netip.Prefix]*origin),
		reserve: rate.New[netip.Prefix](reserveSources),
		refused: make(map[reason.Close]uint64),
	}
	for i := range source.Levels {
		a.debts[i].of = make(map[netip.Prefix]*debt)
		a.good[i] = newGoodLogins(limits.Penalties.Sources)
	}
	return a
}

// Conn is one connection. Owner belongs to the caller, everything else to the Control.
type Conn struct {
	Owner any

	source         *origin // nil until it is known, and for a victim
	age            uint64
	victim         bool
	queue          *queue // its source's, of those that have not authenticated; or Control.idle
	earlier, later *Conn  // in that queue
}

// Verdict is what the caller must do about a newcomer.
type Verdict struct {
	// Refused is why the newcomer must be closed; StayOpen if it is admitted.
	Refused reason.Close
	// Victim, if not nil, must be closed as Evicted.
	Victim *Conn
}

// SetLimits takes effect for newcomers; it closes no open connection.
func (a *Control) SetLimits(limits Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limits = limits
	a.recount()
	for i := range source.Levels {
		a.debts[i].shrink(limits.Penalties.Sources)
		a.good[i].resize(limits.Penalties.Sources)
	}
}

// Admit judges a newcomer whose source is known at accept.
func (a *Control) Admit(c *Conn, addr netip.Addr, now time.Time) Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := source.PathOf(addr)
	s := a.sources[path.Source()]
	if why := a.judge(&path, now); why != reason.StayOpen {
		return a.refuse(why)
	}
	verdict := a.makeRoom(s)
	if verdict.Refused == reason.StayOpen && verdict.Victim == nil {
		verdict = a.dropEarly(s)
	}
	if verdict.Refused != reason.StayOpen {
		return a.refuse(verdict.Refused)
	}
	a.add(c)
	a.attach(c, &path)
	return verdict
}

// AdmitProxied judges a newcomer from a trusted proxy by the total alone.
func (a *Control) AdmitProxied(c *Conn) Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	verdict := a.makeRoom(nil)
	if verdict.Refused != reason.StayOpen {
		return a.refuse(verdict.Refused)
	}
	a.add(c)
	return verdict
}

// Identify judges by its source a connection that AdmitProxied has admitted. If it is refused
// the caller must close and Release it.
func (a *Control) Identify(c *Conn, addr netip.Addr, now time.Time) Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.victim || c.source != nil {
		return Verdict{}
	}
	if a.bans.cover(addr, now) {
		return a.refuse(reason.SourceBanned)
	}
	path := source.PathOf(addr)
	s := a.sources[path.Source()]
	if why := a.judge(&path, now); why != reason.StayOpen {
		return a.refuse(why)
	}
	verdict := a.dropEarly(s)
	if verdict.Refused != reason.StayOpen {
		return a.refuse(verdict.Refused)
	}
	a.attach(c, &path)
	return verdict
}

// Readmit counts a connection that another process had admitted and gave to this one: it is refused by no bound, and no other
// is closed for it. addr is invalid while it is not known.
func (a *Control) Readmit(c *Conn, addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.add(c)
	if addr.IsValid() {
		path := source.PathOf(addr)
		a.attach(c, &path)
	}
}

// Authenticated notes that the connection may be evicted only when the total is reached, until
// it logs in. The caller calls it again after a login that was refused.
func (a *Control) Authenticated(c *Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dequeue(c)
	if !c.victim {
		a.idle.push(c)
	}
}

// LoggingIn notes that the connection may not be evicted.
func (a *Control) LoggingIn(c *Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dequeue(c)
}

// LoggedIn counts a good login of the connection's source.
func (a *Control) LoggedIn(c *Conn, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := c.source; s != nil && !s.exempt {
		a.countLogin(s, now)
	}
}

// Penalize adds what an offence costs to the debt of the connection's source.
func (a *Control) Penalize(c *Conn, o Offence, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := c.source; s != nil && !s.exempt {
		a.penalize(s, o, now)
	}
}

// Release ends a connection that was admitted.
func (a *Control) Release(c *Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if c.victim {
		a.closing--
	}
	a.detach(c)
}

func (a *Control) refuse(why reason.Close) Verdict {
	a.refused[why]++
	return Verdict{Refused: why}
}

// makeRoom enforces the total, which victims do not count for.
func (a *Control) makeRoom(newcomer *origin) Verdict {
	if a.total-a.closing < a.limits.Connections {
		return Verdict{}
	}
	return a.displace(newcomer, reason.FrontFull)
}

// dropEarly enforces the bounds of unauthenticated connections.
func (a *Control) dropEarly(newcomer *origin) Verdict {
	b := a.limits.Unauthenticated
	switch {
	case b.Full == 0 || a.waiting < b.Start:
		return Verdict{}
	case a.waiting < b.Full:
		percent := float64(b.Rate) + float64(100-b.Rate)*float64(a.waiting-b.Start)/float64(b.Full-b.Start)
		if a.chance()*100 >= percent {
			return Verdict{}
		}
	}
	return a.displace(newcomer, reason.UnauthenticatedFull)
}

// displace chooses a victim, or refuses the newcomer for the reason given.
func (a *Control) displace(newcomer *origin, why reason.Close) Verdict {
	victim := a.victim(newcomer, why)
	if victim == nil || a.closing >= maxClosing {
		return Verdict{Refused: why}
	}
	a.detach(victim)
	victim.victim = true
	a.closing++
	a.evicted++
	return Verdict{Victim: victim}
}

// victim is nil if the newcomer is to be refused. Among authenticated connections it is the
// one that has been idle longest, because a terminal that means to log in does so at once.
func (a *Control) victim(newcomer *origin, why reason.Close) *Conn {
	switch s := a.heaviest(); {
	case s == nil && why == reason.FrontFull:
		return a.idle.first
	case s == nil || s == newcomer:
		return nil
	default:
		return s.queue.first
	}
}

func (a *Control) add(c *Conn) {
	a.age++
	c.age = a.age
	a.total++
}

// attach counts a connection for its source, as unauthenticated.
func (a *Control) attach(c *Conn, path *source.Path) {
	s := a.originOf(path)
	c.source = s
	s.count(1)
	s.queue.push(c)
	a.rerank(s, 1)
}

// detach takes a connection out of all caps but the total.
func (a *Control) detach(c *Conn) {
	a.dequeue(c)
	s := c.source
	if s == nil {
		return
	}
	c.source = nil
	if s.count(-1); s.open == 0 {
		a.remove(s)
	}
}

func (a *Control) dequeue(c *Conn) {
	q := c.queue
	if q == nil {
		return
	}
	q.remove(c)
	if q != &a.idle {
		a.rerank(c.source, -1)
	}
}

// isExempt is also true for connections without a usable address, which have no source to
// count by.
func (a *Control) isExempt(name netip.Prefix) bool {
	return !name.IsValid() || slices.ContainsFunc(a.limits.Exempt, func(p netip.Prefix) bool { return p.Contains(name.Addr()) })
}
