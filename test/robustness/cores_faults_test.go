package robustness

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/pgtest"
)

// coreFault is a fault of TestCores. strike breaks something, holds it for a while and heals it: afterwards one core is
// active under the highest term, and the other one is standby.
type coreFault struct {
	name   string
	short  bool // it happens in the short form too
	first  bool // there it always does
	alone  bool // the fronts must survive it
	strike func(w *coresWorld)
}

// always is 1 of a fault that the short form has on the slowest machine too, and 0 of others.
func (f coreFault) always() int {
	if f.first {
		return 1
	}
	return 0
}

// The faults that show what others may: sessions that a core ends, and sessions that are resumed.
const (
	coreKicks = "core: kicks"
	linksCut  = "link: cut"
)

var coreFaults = []coreFault{
	{name: "core: kill -9, the other takes over", short: true, strike: killActive},
	{name: "core: kill -9, back within the grace", short: true, strike: coreIsBack},
	{name: "core: kill -9, back after the grace", short: true, strike: coreIsBackLate},
	{name: "core: kill -9 of the standby", strike: killStandby},
	{name: "core: kill -9, and kill -9 of a front", short: true, strike: killCoreAndFront},
	{name: "core: frozen", short: true, strike: freezeActive},
	{name: "core: frozen, the other takes over", short: true, strike: takeOverFrozen},
	{name: "core: new term", short: true, strike: newTerm},
	{name: "core: handed over in peace", strike: handOver},
	{name: "core: initialising", strike: initialise},
	{name: "core: no credit", short: true, strike: noCredit},
	{name: "core: verifies too late", strike: verifyLate},
	{name: "core: refuses to resume", strike: refuseResume},
	{name: coreKicks, short: true, first: true, strike: kick},
	{name: linksCut, short: true, first: true, strike: cutLink},
	{name: "link: cut for one front", strike: cutOneLink},
	{name: "link: slow", short: true, strike: slowLink},
	{name: "link: black hole", strike: blackHoleLink},
	{name: "front: kill -9", short: true, strike: killOneFront},
	{name: "front: SIGTERM", alone: true, strike: stopOneFront},
	{name: "PostgreSQL: immediate stop", strike: crashCoresPostgres},
}

func (w *coresWorld) inUse() *simCore   { return w.cores[w.active] }
func (w *coresWorld) waiting() *simCore { return w.cores[1-w.active] }

// takeOver makes the standby the active core, under a higher term; it does not ask the other one.
func (w *coresWorld) takeOver() {
	w.active = 1 - w.active
	w.raiseTerm()
	w.inUse().do("active")
}

func (w *coresWorld) raiseTerm() {
	w.term++
	w.inUse().do(fmt.Sprint("new-term ", w.term))
}

func killActive(w *coresWorld) {
	w.inUse().crash()
	w.hold(0, 2*frontGrace)
	w.takeOver()
	w.hold(0, time.Second)
	w.waiting().start("standby", w.term)
}

// coreIsBack restarts it under its term: another instance of the same core, which can resume.
func coreIsBack(w *coresWorld) {
	w.inUse().crash()
	w.hold(0, frontGrace/3)
	w.inUse().start("active", w.term)
}

func coreIsBackLate(w *coresWorld) {
	w.inUse().crash()
	w.hold(frontGrace, frontGrace+2*exitSpread)
	w.inUse().start("active", w.term)
}

func killStandby(w *coresWorld) {
	w.waiting().crash()
	w.hold(0, 2*time.Second)
	w.waiting().start("standby", w.term)
}

func killCoreAndFront(w *coresWorld) {
	w.inUse().crash()
	w.hold(0, 500*time.Millisecond)
	w.killFront()
	w.takeOver()
	w.waiting().start("standby", w.term)
}

// killFront kills the process of a front by chance.
func (w *coresWorld) killFront() {
	f := oneOf(w.random, w.fronts)
	for deadline := time.Now().Add(healPatience); !f.kill(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("no process of the front runs\n%s", f.tail())
		}
	}
}

// freezeActive holds it for less than the heartbeats allow, or for longer.
func freezeActive(w *coresWorld) {
	w.inUse().freeze()
	if w.random.IntN(2) == 0 {
		w.hold(300*time.Millisecond, heartbeats)
	} else {
		w.hold(heartbeats, heartbeats+2*frontGrace)
	}
	w.inUse().thaw()
}

// takeOverFrozen: the core that was frozen wakes up as an active one under a lower term, and must get no order.
func takeOverFrozen(w *coresWorld) {
	old := w.inUse()
	old.freeze()
	w.hold(200*time.Millisecond, heartbeats+frontGrace)
	w.takeOver()
	w.hold(0, 2*time.Second)
	old.thaw()
	w.hold(500*time.Millisecond, 3*time.Second)
	old.do("standby")
}

func newTerm(w *coresWorld) {
	for range 1 + w.random.IntN(3) {
		w.raiseTerm()
		w.hold(0, 500*time.Millisecond)
	}
}

func handOver(w *coresWorld) {
	w.inUse().do("standby")
	w.hold(0, 2*time.Second)
	w.takeOver()
}

func initialise(w *coresWorld) {
	w.inUse().do("initialising")
	w.hold(200*time.Millisecond, 2*frontGrace)
	w.inUse().do("active")
}

func noCredit(w *coresWorld) {
	w.inUse().do("no-credit")
	w.hold(300*time.Millisecond, 4*time.Second)
	w.inUse().do("credit auto")
}

// verifyLate answers after core.link.verify_timeout, which is a second.
func verifyLate(w *coresWorld) {
	w.inUse().do("late-verify 1300ms")
	w.hold(2*time.Second, 4*time.Second)
	w.inUse().do("late-verify 0s")
}

func refuseResume(w *coresWorld) {
	w.inUse().do("refuse-resume on")
	w.raiseTerm()
	w.hold(exitSpread, 2*exitSpread)
	w.inUse().do("refuse-resume off")
}

// kick ends sessions of some customers, until a terminal was sent away: a customer may have none at the moment.
func kick(w *coresWorld) {
	before := w.crowd.sentAway()
	for range 1 + w.random.IntN(traders/2) {
		w.inUse().do("kick " + traderName(w.random.IntN(traders)))
	}
	for deadline := time.Now().Add(healPatience); w.crowd.sentAway() == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("no terminal was told that the core ended its session%s", w.tails())
		}
		w.inUse().do("kick " + traderName(w.random.IntN(traders)))
	}
}

// links does something to the proxies before the active core: of one front, or of all if one is false.
func (w *coresWorld) links(one bool, do func(*cutproxy.Proxy)) {
	proxies := w.inUse().proxies
	if one {
		i := w.random.IntN(len(proxies))
		proxies = proxies[i : i+1]
	}
	for _, p := range proxies {
		do(p)
	}
}

func cutLink(w *coresWorld) {
	w.links(false, func(p *cutproxy.Proxy) { p.Lead("") })
	w.hold(0, 2*frontGrace)
	w.inUse().lead()
}

func cutOneLink(w *coresWorld) {
	for range 1 + w.random.IntN(3) {
		w.links(true, func(p *cutproxy.Proxy) { p.Lead("") })
		w.hold(0, time.Second)
		w.inUse().lead()
		w.hold(0, time.Second)
	}
}

func slowLink(w *coresWorld) {
	w.links(false, func(p *cutproxy.Proxy) { p.Delay(time.Duration(5+w.random.IntN(150)) * time.Millisecond) })
	w.hold(time.Second, 4*time.Second)
	w.links(false, func(p *cutproxy.Proxy) { p.Delay(0) })
}

// blackHoleLink: nothing passes; then what was held back arrives, or the links are cut.
func blackHoleLink(w *coresWorld) {
	w.links(false, func(p *cutproxy.Proxy) { p.BlackHole(true) })
	w.hold(300*time.Millisecond, heartbeats+frontGrace)
	if w.random.IntN(2) == 0 {
		w.links(false, func(p *cutproxy.Proxy) { p.Lead("") })
	}
	w.links(false, func(p *cutproxy.Proxy) { p.BlackHole(false) })
	w.inUse().lead()
}

func killOneFront(w *coresWorld) {
	for range 1 + w.random.IntN(2) {
		w.killFront()
		w.hold(0, 600*time.Millisecond)
	}
}

func stopOneFront(w *coresWorld) {
	f := oneOf(w.random, w.fronts)
	f.stop()
	f.start()
}

func crashCoresPostgres(w *coresWorld) {
	w.postgres.Stop(pgtest.Immediate)
	w.hold(300*time.Millisecond, 3*time.Second)
	w.postgres.Start()
}
