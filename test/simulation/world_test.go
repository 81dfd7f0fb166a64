package simulation

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
)

// plan is what a seed chooses once. Kinds of faults are switched on and off as wholes, so
// that some runs have many of one kind and none that hide them.
type plan struct {
	liveness bool
	steps    int // before the end, or before the healing
	start    time.Time
	drift    time.Duration // by which each reading of the gateway's clock moves it

	postgres        bool
	answerAfter     forward.AnswerAfter
	limits          dialogue.Limits
	settings        session.Settings
	queueRows       int
	batchRows       int
	batchDelay      time.Duration
	sessionsPerUser int
	terminals       int

	// In percent, or as weights among all that can happen.
	mischief, coreFaults, commitFaults, sendFaults, poison           int
	hangUps, crashes, stops, fullDisks, clockSteps, reloads, outages int
	partitions                                                       int
}

// starts are just before something changes: the trading day, with and without a holiday
// and a year that is not certain yet behind it.
var starts = []time.Time{
	time.Date(2026, 1, 5, 15, 29, 40, 0, regulation.Zone),
	time.Date(2026, 1, 5, 9, 0, 0, 999e6, regulation.Zone),
	time.Date(2026, 2, 13, 15, 29, 55, 0, regulation.Zone),
	time.Date(2026, 12, 31, 15, 29, 50, 0, regulation.Zone),
	time.Date(2026, 6, 30, 23, 59, 58, 500e6, regulation.Zone),
}

func newPlan(r *rand.Rand) plan {
	on := func(most int) int { // half of the runs have none of it
		if r.IntN(2) == 0 {
			return 0
		}
		return 1 + r.IntN(most)
	}
	p := plan{
		liveness: r.IntN(2) == 0, steps: 200 + r.IntN(1000), start: pick(r, starts...),
		drift:       pick(r, 0, time.Millisecond, 300*time.Millisecond),
		postgres:    r.IntN(4) > 0,
		answerAfter: pick(r, forward.AfterLocal, forward.AfterLocal, forward.AfterPostgres),
		limits:      dialogue.Limits{Logins: 1 + r.IntN(6), Unsent: pick(r, 610, 1000, 4000)},
		queueRows:   1 + r.IntN(6), batchRows: 1 + r.IntN(5), batchDelay: pick(r, time.Millisecond, 200*time.Millisecond),
		sessionsPerUser: r.IntN(3), terminals: 2 + r.IntN(4),
		mischief: on(50), coreFaults: on(15), commitFaults: on(15), sendFaults: on(60), poison: on(20),
		hangUps: on(10), crashes: on(8), stops: on(4), fullDisks: on(10), clockSteps: on(10), reloads: on(10), outages: on(10),
	}
	if !p.postgres {
		p.answerAfter = forward.AfterLocal
	}
	p.settings = session.Settings{
		AuthTimeout: 10 * time.Second, LoginTimeout: 30 * time.Second, ChallengeTTL: pick(r, 2*time.Second, 30*time.Second),
		BodyBeforeAuth: 512, PendingFrames: 1 + r.IntN(8), Refusals: pick(r, 3, 64),
	}
	return p
}

// addresses that terminals come from. There are few ports, so that a connection has the
// address of one before.
var addresses = []string{
	"203.0.113.7", "203.0.113.8", "198.51.100.99", "2001:db8::7", "2001:db8:0:1::9",
}

// world is everything around the front, and what it must be held to.
type world struct {
	seed   uint64
	plan   plan
	random *rand.Rand
	dir    string
	trace  trace
	counts counts

	process   *process // nil while no process runs
	processes int
	disk      image // while no process runs
	pg        *postgres

	terminals []*terminal
	wires     map[wireKey]*wire
	attempts  []*attempt
	byID      map[uuid.UUID]*attempt // whose record has that RecordID

	core     trading
	relays   relays
	infos    []*terminalInfo // of submissions and relayed logins
	policy   gateway.Policy
	healed   bool
	answered map[uuid.UUID]*answer
	order    []uuid.UUID                // of answered
	checked  int                        // of order
	proven   map[uuid.UUID]store.Record // opened, and found to be true
	audited  map[uuid.UUID]bool

	mu       sync.Mutex
	offset   time.Duration // of the gateway's clock
	readings []reading
	failure  error
}

// wireKey names a connection as a record does.
type wireKey struct{ frontID, sessionID int32 }

// reading is an instant that the gateway's clock returned, and what was in force then.
type reading struct {
	at     time.Time
	policy gateway.Policy
}

// attempt is a login as a terminal sent it.
type attempt struct {
	number       int
	wire         *wire
	account, app string
	password     string
	terminalInfo
	via       *told // behind a many-to-many relay
	code      int   // of what is wrong with via
	right     bool  // the account is there and the password is its own
	poison    bool  // PostgreSQL does not take it
	end       int   // of its last byte, among all bytes of its wire
	delivered bool
	from      int // readings before it was delivered
	made      uuid.UUID
	absent    bool // the store said that it certainly has no record of it
	resume    ftd.ResumePoints
}

func (a *attempt) String() string { return fmt.Sprintf("login %d as %s", a.number, a.account) }

// answer is a success that left the front.
type answer struct {
	wire     *wire
	response ftd.LoginResponse
}

type counts struct {
	steps, logins, refused, processes, crashes, tornCommits, stops, commitFaults, batches, sendFaults int
	fullDisks, clockSteps, reloads, outages, diskFull, partitions                                     int

	linked, links, cuts, coreCrashes, terms, resumed, kicks, flows, lies, orders, answers, unanswered, quiet int

	relayed, relayedLogins, submissions, resubmitted, renewed, recorded, submitRefused, rows, permissions, visits, denied int
}

func newWorld(seed uint64, dir string) *world {
	random := rand.New(rand.NewPCG(seed, 0x5EED))
	w := &world{
		seed: seed, plan: newPlan(random), random: random, dir: dir, disk: shared().disk,
		wires: make(map[wireKey]*wire), byID: make(map[uuid.UUID]*attempt),
		answered: make(map[uuid.UUID]*answer), proven: make(map[uuid.UUID]store.Record), audited: make(map[uuid.UUID]bool),
	}
	if other := rand.New(rand.NewPCG(seed, 0xDA15)); other.IntN(3) == 0 { // of its own, so that the other seeds are what they were
		w.plan.partitions = 1 + other.IntN(20)
	}
	w.pg = &postgres{w: w, rows: make(map[recordKey]store.Record), sent: make(map[string]bool), poison: true, state: up}
	w.policy = w.newPolicy()
	w.newTrading()
	if w.linked() { // a flow from its beginning must fit what a terminal may leave unread
		w.plan.limits.Unsent = max(w.plan.limits.Unsent, 8000)
		w.plan.steps += w.plan.steps / 2 // a login has more steps
		w.plan.crashes, w.plan.stops = (w.plan.crashes+2)/3, (w.plan.stops+2)/3
	}
	w.newRelays()
	for i := range w.plan.terminals {
		w.terminals = append(w.terminals, &terminal{
			w: w, number: i, account: pick(random, sortedAccounts()...), app: pick(random, goodApp, otherApp),
		})
	}
	if w.hasRelays() {
		w.newRelayActors()
	}
	return w
}

// newPolicy is one that a reload could bring.
func (w *world) newPolicy() gateway.Policy {
	from := w.plan.start.Add(time.Duration(w.random.IntN(60)-30) * time.Second)
	return gateway.Policy{
		Keys:          shared().ring(from, from.Add(time.Duration(1+w.random.IntN(60))*time.Second)),
		Calendar:      pick(w.random, shared().calendars...),
		Strict:        w.random.IntN(4) == 0,
		RejectReplays: w.random.IntN(4) == 0,
	}
}

// now is the gateway's clock.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += w.plan.drift
	at := time.Now().Add(w.offset)
	w.readings = append(w.readings, reading{at, w.policy})
	return at
}

func (w *world) violate(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = fmt.Errorf(format, args...)
	}
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil
}

// address is one that a terminal could come from. Now and then it is none at all, as of a
// load balancer's health check.
func (w *world) address() netip.AddrPort {
	if !w.healed && w.random.IntN(50) == 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.MustParseAddr(pick(w.random, addresses...)), uint16(40001+w.random.IntN(4)))
}

// logger takes the log lines of the dialogues, which log nothing but their panics.
func (w *world) logger() *zap.Logger {
	return zap.NewNop().WithOptions(zap.WrapCore(func(zapcore.Core) zapcore.Core {
		return zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), violations{w}, zap.InfoLevel)
	}))
}

// violations takes log lines for what they are here.
type violations struct{ w *world }

func (v violations) Write(line []byte) (int, error) { v.w.violate("%s", line); return len(line), nil }
func (violations) Sync() error                      { return nil }
