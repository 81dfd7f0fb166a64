package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// Within these bounds a front must be ready again once everything around it works.
const (
	healSteps = 6000
	healTime  = 10 * time.Minute // of the simulated clock, which steps waste freely
)

// heal ends all faults, and lets the run go on until what must happen has happened: all
// answered records are in PostgreSQL, and every terminal has logged in anew.
func (w *world) heal() {
	w.healed = true
	w.pg.poison, w.pg.state = false, up
	w.pg.mend()
	w.policy.Strict = false
	w.healCores()
	for _, t := range w.terminals {
		t.welcome, t.traded = 0, 0
		if t.relay != nil {
			t.relay.reported = 0
		}
		if t.wire != nil {
			t.wire.hungUp = true
			t.wire = nil
		}
	}
	w.trace.step(w.counts.steps, "— everything is healed —")
	deadline := time.Now().Add(healTime)
	steps := healSteps
	if w.hasRelays() { // twice as many connections
		steps *= 2
	}
	for range steps {
		if w.failed() || w.isWell() {
			return
		}
		if p := w.process; p != nil {
			p.diskFull.Store(false)
			w.sameDay()
			p.path.Gateway.SetPolicy(w.policy)
		}
		w.step()
		if time.Now().After(deadline) {
			break
		}
	}
	if !w.failed() {
		w.violate("not well again in time: %v", w.whatIsMissing())
	}
}

func (w *world) isWell() bool { return w.whatIsMissing() == nil }

func (w *world) whatIsMissing() error {
	p := w.process
	if p == nil || p.stopping {
		return errors.New("no front runs")
	}
	for _, t := range w.terminals {
		if t.welcome == 0 {
			return errors.New("an honest terminal could not log in")
		}
		if !t.isServed() {
			return errors.New("an honest terminal could not trade, or report")
		}
	}
	if len(p.gate.keys()) > 0 || len(p.finished) > 0 || len(w.pg.late) > 0 {
		return errors.New("something is still under way")
	}
	if !w.plan.postgres {
		return nil
	}
	rows, _, err := p.path.Journal.Pending(context.Background())
	if err != nil {
		return err
	}
	if rows > 0 {
		return errors.New("records are left in the local store")
	}
	for _, id := range w.order {
		if _, there := w.pg.row(id); !there {
			return errors.New("an answered record is not in PostgreSQL")
		}
	}
	for i := range w.relays.answers {
		if a := &w.relays.answers[i]; !w.pg.has(a.submission.recordID, a.day) {
			return errors.New("an answered submission is not in PostgreSQL")
		}
	}
	return nil
}

// isBroken reports whether the local store stopped writing: its error is "restart".
func (p *process) isBroken() bool {
	return p.broken.Load() || p.path.Forwarder != nil && errors.Is(p.path.Forwarder.LastError(), store.ErrBroken)
}

// release is what an operator does once PostgreSQL takes the records again.
func (p *process) release() string {
	p.releasing.Store(true)
	go func() {
		_, _ = p.path.Journal.Release(context.Background()) // tried again while there is a quarantine
		p.releasing.Store(false)
	}()
	return "the quarantine is released"
}
