package loadtest

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// errInterrupted ends a run whose context ended.
var errInterrupted = errors.New(result.Interrupted)

// play does the parts of the scenario. ended says why it ended early.
func (e *engine) play(ctx context.Context) (ended string, err error) {
	if err = e.together(ctx); err == nil {
		err = e.playScenario(ctx)
		e.measured.spent(time.Since(e.start))
	}
	if err == nil && e.plan.stays() && e.plan.Scenario != Steady && e.plan.Scenario != Orders {
		if err = e.together(ctx); err == nil { // so that the sessions of all generators are held at one time
			err = e.stay(ctx, e.plan.Hold)
		}
	}
	e.now = time.Since(e.start)
	e.measured.ends(e.now)
	e.measured.tick(e.open, 1)
	e.tell()
	if early, is := errors.AsType[*holdError](err); is {
		return early.Error(), nil
	}
	if lack, is := errors.AsType[*lackError](err); is {
		return lack.Error(), nil
	}
	if err != nil && ctx.Err() != nil {
		ended, err = errInterrupted.Error(), nil
	}
	return ended, err
}

func (e *engine) playScenario(ctx context.Context) error {
	switch e.plan.Scenario {
	case Reconnect:
		return e.reconnect(ctx)
	case Steady:
		return e.steady(ctx)
	case Orders:
		return e.trade(ctx)
	case Relay:
		if e.plan.operators() {
			return e.report(ctx)
		}
	}
	e.measure(e.visitCount)
	return e.arrive(ctx)
}

// measure begins the part of the run that counts, of so many visits.
func (e *engine) measure(visits int) {
	e.over = e.steps()
	e.measured = newRecorder()
	e.now = time.Since(e.start)
	e.measured.from(e.now, func() time.Duration { return e.now })
	e.measured.r.Counts.Planned = visits
	e.begun, e.ticked = 0, e.now
	if e.plan.Rate > 0 && e.plan.Scenario != Reconnect {
		e.measureFullRate(visits)
	}
}

// rounding is by how much an instant of the schedule may differ from the end of the ramp.
const rounding = time.Microsecond

// measureFullRate has the visits that are due from the end of the ramp on counted, if there are any.
func (e *engine) measureFullRate(visits int) {
	from := e.plan.Ramp - rounding
	first := sort.Search(visits, func(i int) bool { return e.due(i) >= from })
	if first < visits {
		e.measured.fullRate(from, e.plan.Rate/float64(e.plan.generators()), visits-first)
	}
}

// arrive makes all visits, by the schedule or in a closed loop, and waits until each is decided.
func (e *engine) arrive(ctx context.Context) error {
	from, visits, concurrency := e.measured.start, e.visitCount, e.plan.concurrency()
	return e.until(ctx, e.allDecided(visits), func() (time.Duration, bool) {
		switch {
		case e.begun >= visits:
			return e.later.earlier(0, false)
		case e.plan.Rate > 0:
			return e.later.earlier(from+e.due(e.begun), true)
		}
		return e.later.earlier(e.now, e.under < concurrency)
	}, e.begin)
}

// allDecided reports whether so many visits have begun, and are decided.
func (e *engine) allDecided(visits int) func() bool {
	return func() bool { return e.begun >= visits && e.under == 0 && len(e.later) == 0 }
}

// due is when this generator's visit i is due, after the beginning of the part.
func (e *engine) due(i int) time.Duration {
	return schedule{e.plan.Rate, e.plan.Ramp.Seconds()}.due(e.plan.index(i))
}

// stay keeps the sessions alive for a while.
func (e *engine) stay(ctx context.Context, hold time.Duration) error {
	end := time.Since(e.start) + hold
	return e.until(ctx, func() bool { return e.now >= end }, func() (time.Duration, bool) { return 0, false }, e.begin)
}

// holdError says what the front lacks for the scenario: what was found until then is kept.
type holdError struct{ cause error }

func (e *holdError) Error() string { return e.cause.Error() }

// fill logs all in, in a closed loop, and counts nothing of it.
func (e *engine) fill(ctx context.Context) error {
	rate := e.plan.Rate
	e.plan.Rate = 0
	defer func() { e.plan.Rate = rate }()
	e.measure(e.visitCount)
	if err := e.arrive(ctx); err != nil {
		return err
	}
	if held := e.measured.r.Counts.LoggedIn; held < e.visitCount {
		return e.notFilled(held)
	}
	return e.together(ctx)
}

func (e *engine) notFilled(held int) error {
	return &holdError{
		fmt.Errorf("%d of %d sessions that the scenario begins with logged in; the first that did not: %s", held, e.visitCount, e.failure),
	}
}

// reconnect ends all connections at once, and has all return at once.
func (e *engine) reconnect(ctx context.Context) error {
	if err := e.fill(ctx); err != nil {
		return err
	}
	for i := range e.visits {
		if v := &e.visits[i]; v.state != unused {
			e.end(v)
		}
	}
	e.measure(e.visitCount)
	from := e.now
	return e.until(ctx, e.allDecided(e.visitCount), func() (time.Duration, bool) {
		return e.later.earlier(from, e.begun < e.visitCount)
	}, e.begin)
}

// steady has one session end and return at each instant of the schedule.
func (e *engine) steady(ctx context.Context) error {
	if err := e.fill(ctx); err != nil {
		return err
	}
	all := e.plan.returns()
	e.measure(all)
	from := e.measured.start
	return e.until(ctx, e.allDecided(all), func() (time.Duration, bool) {
		if e.begun >= all {
			return e.later.earlier(0, false)
		}
		return e.later.earlier(from+e.due(e.begun), true)
	}, func(due time.Duration) error {
		if _, again := e.later.earlier(0, false); !again || e.later[0].at > due {
			e.leaveOne()
		}
		return e.begin(due)
	})
}

// leaveOne ends a session that stays, whose account then returns.
func (e *engine) leaveOne() {
	for range len(e.visits) {
		v := &e.visits[e.random.IntN(len(e.visits))]
		if v.state == staying {
			e.returning = int(v.account)
			e.end(v)
			return
		}
	}
	e.returning = e.plan.First % e.plan.People.Accounts
}
