package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/ftd"
)

// corePlan is what a seed chooses of trading cores. It is drawn from a source of its own, so that seeds with the
// local core are what they were before there was another.
type corePlan struct {
	cores      int // 0: core.driver is local
	socket     int // bytes that a connection takes before the core reads
	heartbeat  int // seconds
	credit     int32
	grace      time.Duration // for which the front's sessions wait
	spread     time.Duration
	wait       time.Duration
	queueBytes int
	verifyOnly bool

	// In percent, or as weights among all that can happen.
	lies, kicks, flows, restarts, stateChanges, cuts, freezes, stalls, refusedResumes, silence int
}

// suspendFor is how long a core keeps the sessions of a link that ended.
const suspendFor = 15 * time.Second

func newCorePlan(seed uint64) (p corePlan) {
	r := rand.New(rand.NewPCG(seed, 0xC04E))
	if r.IntN(2) == 0 {
		return corePlan{}
	}
	on := func(most int) int {
		if r.IntN(2) == 0 {
			return 0
		}
		return 1 + r.IntN(most)
	}
	return corePlan{
		cores: 1 + r.IntN(2), socket: pick(r, 600, 5000, 1<<20), heartbeat: pick(r, 5, 30),
		credit: pick[int32](r, ftd.UnlimitedCredit, ftd.UnlimitedCredit, 1, 4),
		grace:  pick(r, -1, 10*time.Second), spread: pick(r, -1, 30*time.Second), wait: pick(r, 200*time.Millisecond, time.Second),
		queueBytes: pick(r, 10_000, 1<<20), verifyOnly: r.IntN(12) == 0,
		lies: on(20), kicks: on(4), flows: on(12), restarts: on(2), stateChanges: on(2), cuts: on(3), freezes: on(2), stalls: on(2),
		refusedResumes: on(100), silence: on(30),
	}
}

// golden is where pauses come from: the same in every call, so that no order of calls matters.
type golden struct{}

func (golden) Uint64() uint64 { return 0x9E3779B97F4A7C15 }

// trading is all that is around the link: its cores, and what all of them know.
type trading struct {
	corePlan
	cores  []*tradingCore
	term   int32
	flows  map[string]*flow // by the account; all cores have the same
	notice *flow            // to all
	orders []*order
	opened []uuid.UUID         // RecordIDs that a SessionOpen named
	day    calendar.TradingDay // that the cores said since the healing
}

// tradingCore is a model of a firm's trading core in one process. It acts when the controller lets it.
type tradingCore struct {
	w        *world
	name     string
	running  bool
	stalled  bool // accepts connections, and reads nothing
	starts   int
	instance string
	term     int32
	state    ftd.CoreState
	said     saying // by the last StateChange, or at the start
	accepted int
	cables   []*cable // whose end it has not seen
	sessions map[coreKey]*coreSession
	visits   map[coreKey]map[string]bool // SubmitIDs of terminals behind an operator's session; nil before it is open
	tasks    []*task
}

// coreKey names a session as a core does. A process of a front has a FrontID of its own here.
type coreKey wireKey

type coreState uint8

const (
	coreAsked    coreState = iota // SessionVerify has no answer yet
	coreReserved                  // answered with 0
	corePassword                  // nothing but the password may be changed
	coreOpen
	coreSuspended // its link ended, or the core was not active
)

func (s coreState) String() string {
	return [...]string{"asked", "reserved", "password only", "open", "suspended"}[s]
}

// coreSession is one that a front asked about.
type coreSession struct {
	core      *tradingCore
	key       coreKey
	cable     *cable
	state     coreState
	account   string
	record    uuid.UUID
	number    uint32 // of the last request
	wants     map[uint16]bool
	suspended time.Time
	kicked    bool
}

func (s *coreSession) String() string {
	return fmt.Sprintf("session %d.%d at %s", s.key.frontID, s.key.sessionID, s.core.name)
}

func (s *coreSession) tag() ftd.SessionTag {
	return ftd.SessionTag{FrontID: s.key.frontID, SessionID: s.key.sessionID}
}

// task is something that a core has still to answer, on the cable on which it was asked.
type task struct {
	cable *cable
	key   coreKey
	what  string
	run   func() string
}

func (w *world) newTrading() {
	w.core = trading{corePlan: newCorePlan(w.seed), flows: make(map[string]*flow), notice: &flow{series: noticeSeries}}
	for i := range w.core.corePlan.cores {
		k := &tradingCore{w: w, name: string(rune('a' + i)), sessions: make(map[coreKey]*coreSession), visits: make(map[coreKey]map[string]bool)}
		w.core.cores = append(w.core.cores, k)
		w.counts.linked = 1
		k.start(i == 0)
	}
	w.plan.settings.Business = w.takesBusiness()
}

// linked reports whether core.driver is link.
func (w *world) linked() bool { return len(w.core.cores) > 0 }

// start is a new process of the core.
func (k *tradingCore) start(active bool) {
	k.running, k.stalled = true, false
	k.starts++
	k.instance = fmt.Sprintf("%08d-0000-4000-8000-%012d", k.starts, int(k.name[0]))
	k.state = ftd.CoreStandby
	if active {
		k.lead()
	}
	k.said = saying{k.instance, k.term, k.state}
}

// lead makes the core active under a term of its own. The other one does not know that yet.
func (k *tradingCore) lead() {
	k.w.core.term++
	k.term, k.state = k.w.core.term, ftd.CoreActive
}

// crash ends the process of a core.
func (k *tradingCore) crash(r *rand.Rand) {
	k.running, k.stalled = false, false
	for _, c := range slices.Clone(k.cables) {
		_, toFront := c.onTheWay()
		c.change(func() {
			if toFront > 0 {
				c.toFront = c.toFront[:r.IntN(toFront+1)]
			}
			c.toCore = nil
		})
		c.leave()
	}
	k.cables, k.tasks = nil, nil
	clear(k.sessions)
	clear(k.visits)
}

// dial is link.Options.Dial.
func (p *process) dial(_ context.Context, e link.Endpoint) (net.Conn, error) {
	k := p.w.core.cores[int(e.Address[0]-'a')]
	if p.gate.isDead() || !k.running {
		return nil, errors.New("simulation: connection refused")
	}
	c := newCable(p, k)
	k.cables = append(k.cables, c)
	p.w.mu.Lock()
	p.w.counts.links++
	p.w.mu.Unlock()
	return c, nil
}

// linkOptions puts the models at the end of the link.
func (p *process) linkOptions(o *link.Options) {
	w := p.w
	plan := &w.core.corePlan
	for _, k := range w.core.cores {
		o.Endpoints = append(o.Endpoints, link.Endpoint{Network: "tcp", Address: k.name})
	}
	o.Dial, o.Random, o.Now, o.TradingDay = p.dial, golden{}, nil, w.today
	o.MaxSessions, o.Business = 1000, !plan.verifyOnly
	o.Grace, o.FailoverSpread, o.Wait, o.QueueBytes, o.QueueLow = plan.grace, plan.spread, plan.wait, plan.queueBytes, plan.queueBytes/4
	o.Process = fmt.Sprintf("%08d-0000-4000-8000-000000000000", p.number)
}

// today is the calendar's trading day, without moving the gateway's clock.
func (w *world) today() calendar.TradingDay {
	w.mu.Lock()
	defer w.mu.Unlock()
	day, _ := w.policy.Calendar.TradingDayOf(time.Now().Add(w.offset))
	return day
}

// accept is what the core says of itself.
func (k *tradingCore) accept(credit int32) *ftd.LinkAccept {
	return &ftd.LinkAccept{
		CoreID: []byte("core-" + k.name), Instance: []byte(k.instance), Term: k.term, State: k.state,
		TradingDay: []byte(k.w.today().String()), HeartbeatSeconds: k.w.core.heartbeat, Credit: credit,
	}
}

// tell sends a StateChange over each link that has been accepted.
func (k *tradingCore) tell() {
	for _, c := range k.cables {
		if !c.seen {
			continue
		}
		c.credit, c.loose = ftd.UnlimitedCredit, true
		c.send(encode(ftd.Begin(nil, ftd.TIDStateChange), func(e *ftd.Encoder) { e.LinkAccept(k.accept(ftd.UnlimitedCredit)) }))
	}
	if said := (saying{k.instance, k.term, k.state}); said != k.said {
		k.said = said
		k.suspend()
	}
}

// saying is what a core says of itself, and a front compares.
type saying struct {
	instance string
	term     int32
	state    ftd.CoreState
}

// suspend is what a core does with its sessions when it is another than before: fronts resume those that are open.
func (k *tradingCore) suspend() {
	for _, s := range k.ordered() {
		switch s.state {
		case coreOpen:
			s.state, s.suspended = coreSuspended, time.Now()
		case coreSuspended:
		default:
			delete(k.sessions, s.key)
		}
	}
	k.tasks = slices.DeleteFunc(k.tasks, func(t *task) bool { return t.key != coreKey{} })
}

// ordered is the sessions in an order that is the same in every run.
func (k *tradingCore) ordered() []*coreSession {
	all := make([]*coreSession, 0, len(k.sessions))
	for _, s := range k.sessions {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *coreSession) int {
		if a.key.frontID != b.key.frontID {
			return int(a.key.frontID - b.key.frontID)
		}
		return int(a.key.sessionID - b.key.sessionID)
	})
	return all
}

// ends is a link whose end the core has seen.
func (k *tradingCore) ends(c *cable) {
	c.leave()
	k.cables = slices.DeleteFunc(k.cables, func(o *cable) bool { return o == c })
	k.tasks = slices.DeleteFunc(k.tasks, func(t *task) bool { return t.cable == c })
	for _, s := range k.ordered() {
		switch {
		case s.cable != c:
		case s.state == coreOpen || s.state == coreSuspended:
			s.state, s.cable, s.suspended = coreSuspended, nil, time.Now()
		default:
			delete(k.sessions, s.key)
		}
	}
}

// passTime sends heartbeats and closes the sessions that no front has resumed.
func (k *tradingCore) passTime(silent func() bool) {
	for _, s := range k.ordered() {
		if s.state == coreSuspended && time.Since(s.suspended) > suspendFor {
			delete(k.sessions, s.key)
		}
	}
	for _, c := range k.cables {
		if c.seen && !k.stalled && !silent() {
			c.send(ftd.AppendHeartbeat(nil))
		}
	}
}

// work carries out a task: the first of its session's.
func (k *tradingCore) work(t *task) string {
	k.tasks = slices.DeleteFunc(k.tasks, func(o *task) bool { return o == t })
	return t.run()
}

// ready are the tasks that may be carried out now: those of a session in their order.
func (k *tradingCore) ready() (first []*task) {
	type of struct {
		c   *cable
		key coreKey
	}
	begun := make(map[of]bool)
	for _, t := range k.tasks {
		if o := (of{t.cable, t.key}); !begun[o] {
			begun[o] = true
			first = append(first, t)
		}
	}
	return first
}

// encode completes a frame.
func encode(e ftd.Encoder, fields func(e *ftd.Encoder)) []byte {
	fields(&e)
	frame, err := e.End()
	must(err)
	return frame
}
