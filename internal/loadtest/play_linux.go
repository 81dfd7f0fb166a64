package loadtest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errInterrupted ends a run whose context ended.
var errInterrupted = errors.New("interrupted")

// play does the parts of the scenario. ended says why it ended early.
func (e *engine) play(ctx context.Context) (ended string, err error) {
	switch e.plan.Scenario {
	case Reconnect:
		err = e.reconnect(ctx)
	case Steady:
		err = e.steady(ctx)
	case Orders:
		err = e.trade(ctx)
	default:
		e.measure(e.plan.Visits)
		err = e.arrive(ctx, e.plan.Visits)
	}
	if err == nil && e.plan.stays() && e.plan.Scenario != Steady && e.plan.Scenario != Orders {
		err = e.stay(ctx, e.plan.Hold)
	}
	e.measured.tick(e.open)
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

// measure begins the part of the run that counts, of so many visits.
func (e *engine) measure(visits int) {
	e.measured = newRecorder()
	e.now = time.Since(e.start)
	e.measured.from(e.now, func() time.Duration { return e.now })
	e.measured.r.Counts.Planned = visits
	e.begun, e.ticked = 0, e.now
}

// arrive makes so many visits, by the schedule or in a closed loop, and waits until each is decided.
func (e *engine) arrive(ctx context.Context, visits int) error {
	from, schedule := e.measured.start, e.plan.schedule()
	return e.until(ctx, func() bool { return e.begun >= visits && e.under == 0 }, func() (time.Duration, bool) {
		switch {
		case e.begun >= visits:
			return 0, false
		case e.plan.Rate > 0:
			return from + schedule.due(e.begun), true
		}
		return e.now, e.under < e.plan.Concurrency
	}, e.begin)
}

// stay keeps the sessions alive for a while.
func (e *engine) stay(ctx context.Context, hold time.Duration) error {
	end := time.Since(e.start) + hold
	return e.until(ctx, func() bool { return e.now >= end }, func() (time.Duration, bool) { return 0, false }, e.begin)
}

// holdError says what the front lacks for the scenario: what was found until then is kept.
type holdError struct{ text string }

func (e *holdError) Error() string { return e.text }

// fill logs all in, in a closed loop, and counts nothing of it.
func (e *engine) fill(ctx context.Context) error {
	rate := e.plan.Rate
	e.plan.Rate = 0
	defer func() { e.plan.Rate = rate }()
	e.measure(e.plan.Visits)
	if err := e.arrive(ctx, e.plan.Visits); err != nil {
		return err
	}
	if held := e.measured.r.Counts.LoggedIn; held < e.plan.Visits {
		return &holdError{fmt.Sprintf("%d of %d sessions that the scenario begins with logged in; the first that did not: %s", held, e.plan.Visits, e.failure)}
	}
	return nil
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
	e.measure(e.plan.Visits)
	from := e.now
	return e.until(ctx, func() bool { return e.begun >= e.plan.Visits && e.under == 0 }, func() (time.Duration, bool) {
		return from, e.begun < e.plan.Visits
	}, e.begin)
}

// steady has one session end and return at each instant of the schedule.
func (e *engine) steady(ctx context.Context) error {
	if err := e.fill(ctx); err != nil {
		return err
	}
	e.measure(int(e.plan.Rate * e.plan.Hold.Seconds()))
	from, schedule, all := e.measured.start, e.plan.schedule(), e.measured.r.Counts.Planned
	return e.untilReturned(ctx, from, schedule, all)
}

func (e *engine) untilReturned(ctx context.Context, from time.Duration, schedule schedule, all int) error {
	return e.until(ctx, func() bool { return e.begun >= all && e.under == 0 }, func() (time.Duration, bool) {
		if e.begun >= all {
			return 0, false
		}
		due := from + schedule.due(e.begun)
		if due <= e.now {
			e.leaveOne()
		}
		return due, true
	}, e.begin)
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
	e.returning = e.plan.First
}
