package coresim

import (
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// engine is the core without sockets, clocks and goroutines. Its owner calls it one call at a time, and afterwards
// writes what is in the out of each link in dirty.
type engine struct {
	o        *Options
	log      *zap.Logger
	now      time.Time
	instance string
	term     int32
	state    ftd.CoreState
	day      string

	accounts map[string]*account
	fronts   map[frontKey]*front
	links    map[*link]struct{}
	dirty    []*link

	book             book
	everybody        flow // to Audience 'B'
	wanted           flow // to Audience 'D'
	nextMarketStatus time.Time

	faults  faults
	count   *Counters
	refs    map[orderRef]struct{} // orders that this instance was given
	records []string              // RecordIDs that fronts opened or resumed sessions with

	stamp   [14]byte // YYYYMMDDHHmmss of the second stamped
	stamped int64
}

type frontKey struct {
	id      int32
	process string
}

// front is one start of a front's program.
type front struct {
	key      frontKey
	broker   string
	business bool
	links    int
	sessions map[int32]*session

	suspended int // of its sessions
}

type orderRef struct{ user, ref string }

func newEngine(o *Options) (*engine, error) {
	e := &engine{o: o, log: o.Logger, term: o.Term, state: o.State, day: o.TradingDay, links: map[*link]struct{}{}}
	return e, e.restart(o.Instance)
}

// restart is a new instance of the core: all but configuration, term and links is forgotten.
func (e *engine) restart(instance string) (err error) {
	if e.accounts, err = newAccounts(e.o.Accounts); err != nil {
		return err
	}
	e.instance = instance
	e.fronts = map[frontKey]*front{}
	e.refs = map[orderRef]struct{}{}
	e.records = nil
	e.book = newBook()
	e.everybody, e.wanted = flow{series: seriesEverybody}, flow{series: seriesWanted}
	e.faults = faults{}
	e.nextMarketStatus = time.Time{}
	e.count = newCounters(instance, e.term)
	return nil
}

// connect begins a link.
func (e *engine) connect(now time.Time) *link {
	e.now = now
	l := &link{e: e, heard: now, said: now, frontCredit: ftd.UnlimitedCredit, credit: ftd.UnlimitedCredit}
	e.links[l] = struct{}{}
	return l
}

// disconnect ends a link: its open sessions wait for the front to come back.
func (e *engine) disconnect(l *link, now time.Time) {
	e.now = now
	if _, there := e.links[l]; !there {
		return
	}
	delete(e.links, l)
	l.over = true
	if l.front == nil {
		return
	}
	l.front.links--
	for _, s := range l.front.sessions {
		switch {
		case s.link != l:
		case s.state == stateOpen:
			s.link, s.state, s.suspended = nil, stateSuspended, now
			l.front.suspended++
		default:
			e.drop(s)
		}
	}
}

// tick is called regularly: everything that time causes.
func (e *engine) tick(now time.Time) {
	e.now = now
	for l := range e.links {
		l.beat()
	}
	for _, f := range e.fronts {
		e.age(f)
	}
	e.sendLate()
	if e.o.MarketStatus > 0 && !now.Before(e.nextMarketStatus) {
		if !e.nextMarketStatus.IsZero() && e.state == ftd.CoreActive {
			_ = e.broadcast(ftd.AudienceFront, "market status")
		}
		e.nextMarketStatus = now.Add(e.o.MarketStatus)
	}
}

// age closes sessions of a front that did not come back for them, and forgets the front when none is left.
func (e *engine) age(f *front) {
	if f.suspended == 0 && f.links > 0 {
		return
	}
	for _, s := range f.sessions {
		if s.state == stateSuspended && e.now.Sub(s.suspended) >= e.o.Grace {
			e.count.Expired++
			e.drop(s)
		}
	}
	if f.links == 0 && len(f.sessions) == 0 {
		delete(e.fronts, f.key)
	}
}

// accept is the core as LinkAccept and StateChange show it.
func (e *engine) accept(l *link) *ftd.LinkAccept {
	return &ftd.LinkAccept{
		CoreID: []byte(e.o.CoreID), Instance: []byte(e.instance), Term: e.term, State: e.state,
		TradingDay: []byte(e.day), HeartbeatSeconds: int(e.o.Heartbeat / time.Second), Credit: l.credit,
	}
}

// change tells every front how the core is now.
func (e *engine) change() {
	for l := range e.links {
		if l.front != nil {
			e.sayChange(l)
		}
	}
}

func (e *engine) sayChange(l *link) {
	l.send(ftd.Begin(l.out, ftd.TIDStateChange), func(m *ftd.Encoder) { m.LinkAccept(e.accept(l)) })
}

// setState changes the state; fronts take their sessions elsewhere when the core is active no more.
func (e *engine) setState(s ftd.CoreState) {
	e.state = s
	if s != ftd.CoreActive {
		for _, f := range e.fronts {
			for _, s := range f.sessions {
				e.drop(s)
			}
		}
	}
	e.change()
}

// newInstance makes the instance's successor in this process. Its links end without a word, as at a crash.
func (e *engine) newInstance() error {
	if err := e.restart(uuid.NewString()); err != nil {
		return err
	}
	for l := range e.links {
		l.front = nil
		l.fail("restart")
	}
	return nil
}

// setDay changes the trading day that LinkAccept names. On a later one numbers begin again.
func (e *engine) setDay(day string) {
	if day > e.day {
		for _, a := range e.accounts {
			a.flow.reset()
		}
		e.everybody.reset()
		e.wanted.reset()
	}
	e.day = day
	e.change()
}

// time is now as the field Error has it.
func (e *engine) time() []byte {
	if s := e.now.Unix(); s != e.stamped {
		e.stamped = s
		e.now.In(regulation.Zone).AppendFormat(e.stamp[:0], ftd.TimeStampLayout)
	}
	return e.stamp[:]
}
