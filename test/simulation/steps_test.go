package simulation

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// action is one thing that may happen next.
type action struct {
	weight int
	run    func() string // returns what happened, for the trace
}

// step lets one thing happen and everything that follows from it, and checks.
func (w *world) step() {
	what := w.draw(w.possible())
	if w.linked() {
		time.Sleep(oddOne) // timers that are set in different steps run at different moments
	}
	synctest.Wait()
	w.counts.steps++
	w.trace.step(w.counts.steps, what)
	if w.process != nil {
		w.process.checkStep()
	}
}

func (w *world) draw(actions []action) string {
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	lot := w.random.IntN(total)
	for _, a := range actions {
		if lot -= a.weight; lot < 0 {
			return a.run()
		}
	}
	panic("simulation: a lot beyond all weights")
}

// possible is what may happen now, in an order that depends on nothing but the run so far.
func (w *world) possible() []action {
	p := w.process
	if p == nil {
		all := []action{{4, w.starts}, {1, w.passTime}}
		w.ofCores(func(weight int, run func() string) {
			if weight > 0 {
				all = append(all, action{weight, run})
			}
		})
		return all
	}
	var all []action
	add := func(weight int, run func() string) {
		if weight > 0 {
			all = append(all, action{weight, run})
		}
	}
	for _, t := range w.terminals {
		w.ofTerminal(t, add)
	}
	for _, c := range p.wires {
		w.ofWire(c, add)
		w.ofMail(c, add)
	}
	w.ofCores(add)
	for _, key := range p.gate.keys() {
		add(120, func() string { return w.rule(key) })
	}
	for i := range p.finished {
		add(120, func() string { return p.finish(i) })
	}
	for range w.pg.late {
		add(20, w.lateArrival)
	}
	if p.hasUnwritten() {
		add(20, p.writeAudit)
	}
	passing := 30
	if w.linked() {
		passing = 12 // a login has more steps, and the same time
	}
	if w.healed && w.hasRelays() {
		passing = 30 // in shorter pieces, see passTime
	}
	add(passing, w.passTime)
	w.ofOperator(p, add)
	return all
}

func (w *world) ofTerminal(t *terminal, add func(int, func() string)) {
	c := t.wire
	if c == nil {
		if !w.process.stopping && !(w.healed && t.isServed()) {
			add(40, func() string {
				addr, foreign := w.addressOf(t)
				w.process.connect(t, addr)
				t.wire.barred = t.wire.barred || foreign
				return fmt.Sprintf("terminal %d connects from %v: %v", t.number, addr, t.wire)
			})
		}
		return
	}
	if !c.dialogue.Ended() && !c.dialogue.Paused() {
		add(t.eagerness(), func() string { return fmt.Sprintf("%v %s", c, t.speak()) })
	}
	if n := len(c.toTerminal); n > 0 {
		add(60, func() string {
			n := w.chunk(n)
			t.read(n)
			return fmt.Sprintf("%v terminal reads %d", c, n)
		})
	}
	hangUps := w.plan.hangUps
	if t.relay != nil {
		hangUps += w.relays.breaks
	}
	if w.healed {
		hangUps = 0
		if t.phase == inside && t.isServed() || t.phase == leaving || c.dialogue.Ended() {
			hangUps = 40
		}
	}
	if w.linked() && t.phase == leaving {
		hangUps = 40
	}
	add(hangUps, func() string {
		c.hungUp = true
		t.wire = nil
		return fmt.Sprintf("%v terminal hangs up", c)
	})
}

func (w *world) ofWire(c *wire, add func(int, func() string)) {
	if n := len(c.toFront); n > 0 {
		add(100, func() string {
			n := w.chunk(n)
			c.deliver(n)
			return fmt.Sprintf("%v delivers %d: %v", c, n, c.dialogue.State())
		})
	}
	if c.hungUp {
		add(40, func() string {
			c.end(reason.PeerClosed)
			return fmt.Sprintf("%v front sees that its terminal is gone", c)
		})
	}
}

// chunk is how many of n bytes come at once.
func (w *world) chunk(n int) int {
	switch w.random.IntN(10) {
	case 0:
		return 1
	case 1:
		return 1 + w.random.IntN(min(n, 16))
	case 2, 3:
		return 1 + w.random.IntN(n)
	}
	return n
}

// rule lets a parked goroutine go on, well or not.
func (w *world) rule(key string) string {
	p := w.process
	r := goOn
	if !w.healed {
		r = w.ruling(key)
	}
	if key == "commit" && w.random.IntN(4) == 0 {
		p.before = p.snapshot()
	}
	if key == "committed" {
		p.before = nil
	}
	if key == "close" {
		p.endLoops()
		for len(p.wires) > 0 {
			p.wires[0].end(reason.FrontDraining)
		}
	}
	p.gate.release(key, r)
	return fmt.Sprintf("%s %s", key, r)
}

func (w *world) ruling(key string) ruling {
	lot := w.random.IntN(100)
	switch what, _, _ := strings.Cut(key, " "); {
	case what == "verify" && !w.linked() && lot < w.plan.coreFaults:
		return failed
	case what == "begin" && lot < w.plan.commitFaults:
		w.counts.commitFaults++
		return busy
	case what == "commit" && lot < w.plan.commitFaults/2:
		w.counts.commitFaults++
		return pick(w.random, failed, failedButDone)
	case what == "send" && w.pg.state != up:
		w.counts.sendFaults++
		return pick(w.random, failed, lost)
	case what == "send" && lot < w.plan.sendFaults:
		w.counts.sendFaults++
		return pick(w.random, failed, lost, unheard, late)
	}
	return goOn
}

// finish brings a login's outcome back to its connection.
func (p *process) finish(i int) string {
	f := p.finished[i]
	p.finished = append(p.finished[:i:i], p.finished[i+1:]...)
	back := f.wire.back.Load()
	f.f()
	if f.login {
		f.wire.loginsOut.Add(-1)
	} else {
		f.wire.owed.Add(-back)
		f.wire.back.Add(-back)
	}
	f.wire.closeIfOver()
	return fmt.Sprintf("%v learns of its login", f.wire)
}

// lateArrival is a COMMIT of a connection that its client has closed.
func (w *world) lateArrival() string {
	i := w.random.IntN(len(w.pg.late))
	b := w.pg.late[i]
	w.pg.late = append(w.pg.late[:i:i], w.pg.late[i+1:]...)
	outcome := "committed"
	if err := w.pg.commit(b); err != nil {
		outcome = "refused"
	}
	return fmt.Sprintf("PostgreSQL: a late batch of %d by %s is %s", len(b.recs), b.how, outcome)
}

// oddOne keeps the controller from running at the very instant of a timer of the front, which
// would then run before it or after, as it happens.
const oddOne = time.Nanosecond

// passTime lets timers fire, and the front look at its sessions' clocks.
func (w *world) passTime() string {
	d := pick(w.random, time.Millisecond, 50*time.Millisecond, 200*time.Millisecond, time.Second, 3*time.Second, 11*time.Second)
	if w.linked() && d > time.Second && w.random.IntN(4) > 0 {
		d = time.Millisecond // a core has three seconds to answer
	}
	if w.healed && w.hasRelays() && d > time.Second && w.random.IntN(8) > 0 {
		d = 50 * time.Millisecond // many submissions share what an answer may wait for PostgreSQL
	}
	time.Sleep(d + oddOne)
	synctest.Wait()
	w.passTimeAtCores()
	if p := w.process; p != nil && d >= 200*time.Millisecond {
		for _, c := range append([]*wire(nil), p.wires...) {
			c.dialogue.Tick(time.Now())
			c.closeIfOver()
		}
	}
	return fmt.Sprintf("%v pass", d)
}

func (w *world) starts() string {
	w.start()
	w.counts.processes++
	return "the front starts"
}
