package forward

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// Day by day: how records are forwarded while PostgreSQL does not take those of some day, or
// drops some of them. Each pass takes a batch of each day, by upsert, in the order of
// RecordIDs; a pass that meets no trouble and leaves none is the last.

const (
	// maxTroubles bounds the days whose trouble is remembered. With more of them, PostgreSQL as a
	// whole counts as failed.
	maxTroubles = 100
	// maxDropRounds bounds how often a batch is sent again without the rows that were
	// dropped. A trigger that drops others each time leaves all of them for the next pass.
	maxDropRounds = 8
)

// trouble is why records of a day wait in the local store.
type trouble struct {
	blocked bool // none of the day is taken; else some are dropped, and only those wait
	again   time.Time
	pause   time.Duration // until again; doubles
	// Where rows were dropped: rows up to tried were sent, in the order of the day, and those that
	// are left are sent again from look on, a batch each time. New rows are after tried.
	tried, look uuid.UUID
}

// untilRetry is d, or less if rows that wait are to be tried again before.
func (f *Forwarder) untilRetry(d time.Duration) time.Duration {
	for _, t := range f.troubles {
		d = min(d, max(0, time.Until(t.again)))
	}
	return d
}

// forwardDays is one pass.
func (f *Forwarder) forwardDays() error {
	committed := f.local.LastSeq() // before the reads
	days, err := f.local.WaitingDays(f.ctx)
	if err != nil {
		return err
	}
	f.full = false
	rest := false // of rows that were never tried
	over := make(map[calendar.TradingDay]bool, len(f.troubles))
	for day := range f.troubles {
		over[day] = true
	}
	for _, column := range days {
		number, _ := column.(int64) // an altered row may have none, and goes into quarantine
		day := calendar.TradingDay(number)
		delete(over, day)
		again, more, err := f.forwardDay(column, day)
		if err != nil {
			return err
		}
		if !more {
			f.state.advanceDay(day, committed)
		}
		f.full, rest = f.full || again || more, rest || more
	}
	for day := range over { // nothing is left of it
		f.release(day)
	}
	if !rest {
		f.done(committed)
	}
	f.byDay = len(f.troubles) > 0
	return nil
}

// forwardDay sends what is to be sent of a day now: a batch at most of what was dropped
// before, and one of the others. There is probably more of the one (again) or the other.
func (f *Forwarder) forwardDay(column any, day calendar.TradingDay) (again, more bool, err error) {
	t := f.troubles[day]
	if t == nil {
		more, err = f.sendNew(column, day, new(trouble))
		return false, more, err
	}
	due := !time.Now().Before(t.again)
	if t.blocked && !due {
		return false, false, nil
	}
	t.blocked = false
	if due && t.tried != uuid.Nil {
		if again, err = f.sendDropped(column, day, t); err != nil || t.blocked {
			return false, false, err
		}
	}
	more, err = f.sendNew(column, day, t)
	return again, more, err
}

// sendNew sends the next batch of rows that were not dropped before.
func (f *Forwarder) sendNew(column any, day calendar.TradingDay, t *trouble) (more bool, err error) {
	batch, err := f.local.OfDay(f.ctx, column, t.tried, f.opt.BatchRows)
	if err != nil || len(batch) == 0 {
		return false, err
	}
	last, more := batch[len(batch)-1].Record.ID, len(batch) == f.opt.BatchRows
	left, why, err := f.sendDay(batch)
	switch {
	case store.IsDayTrouble(err):
		t.blocked = true
		return false, f.hold(day, t, err)
	case err != nil:
		return false, err
	}
	first := t.tried == uuid.Nil
	switch {
	case len(left) == 0 && first: // none was dropped before either, so the trouble is over
		f.release(day)
	case len(left) > 0 && first:
		t.tried = last
		return more, f.hold(day, t, why)
	case len(left) > 0: // those before decide when they are all tried again
		t.tried = last
		f.state.hold(day, false, why)
	}
	return more, nil
}

// sendDropped sends a batch of the rows that were dropped before; more if some were stored.
func (f *Forwarder) sendDropped(column any, day calendar.TradingDay, t *trouble) (more bool, err error) {
	batch, err := f.local.OfDay(f.ctx, column, t.look, f.opt.BatchRows)
	if err != nil {
		return false, err
	}
	batch = slices.DeleteFunc(batch, func(e store.Entry) bool { return slices.Compare(e.Record.ID[:], t.tried[:]) > 0 })
	if len(batch) == 0 {
		if t.look == uuid.Nil {
			f.release(day)
			return false, nil
		}
		t.look, t.again = uuid.Nil, time.Now().Add(cmp.Or(t.pause, f.opt.BackoffMin))
		return false, nil
	}
	last := batch[len(batch)-1].Record.ID
	left, why, err := f.sendDay(batch)
	switch {
	case store.IsDayTrouble(err):
		t.blocked = true
		return false, f.hold(day, t, err)
	case err != nil:
		return false, err
	case len(left) > 0:
		t.look = last
		if len(left) == len(batch) {
			return false, f.hold(day, t, why)
		}
		f.state.hold(day, false, why)
	}
	t.pause, t.again = 0, time.Now()
	return true, nil
}

// sendDay sends a batch of one day and removes locally what was stored, also after an error.
// left are the rows that PostgreSQL drops, and why.
func (f *Forwarder) sendDay(batch []store.Entry) (left []store.Entry, why, err error) {
	if batch, err = f.quarantineAltered(batch); err != nil {
		return nil, nil, err
	}
	for i := range batch {
		f.doubtUpTo = max(f.doubtUpTo, batch[i].Seq)
	}
	f.stored = nil
	left, why, err = f.sendUndropped(batch)
	// If we crash here, the rows are sent again as rows in doubt.
	f.untrimmed, f.stored, f.trimmedTo = f.stored, nil, 0
	if trim := f.trim(); trim != nil {
		return nil, nil, trim
	}
	return left, why, err
}

// sendUndropped sends batch without the rows that PostgreSQL drops, which it returns.
func (f *Forwarder) sendUndropped(batch []store.Entry) (left []store.Entry, why, err error) {
	for round := 1; len(batch) > 0; round++ {
		err := f.isolate(batch)
		drop, isDrop := errors.AsType[*store.DroppedError](err)
		if !isDrop {
			return left, why, err
		}
		gone, rest := splitDropped(drop, batch)
		if len(gone) == 0 || round == maxDropRounds {
			return append(left, batch...), drop, nil
		}
		left, why, batch = append(left, gone...), drop, rest
	}
	return left, why, nil
}

// hold notes that rows of the day wait, and when they are tried again.
func (f *Forwarder) hold(day calendar.TradingDay, t *trouble, err error) error {
	if f.troubles[day] == nil && len(f.troubles) >= maxTroubles {
		return fmt.Errorf("store: PostgreSQL does not take the records of %d trading days, of one of them: %w", maxTroubles, err)
	}
	// Before a waiter can take them for done, see fate.
	f.state.left.Store(true)
	t.pause = min(max(2*t.pause, f.opt.BackoffMin), f.opt.BackoffMax)
	t.again = time.Now().Add(f.opt.Jitter(t.pause))
	f.troubles[day] = t
	if f.state.hold(day, t.blocked, err) {
		f.opt.Observer.DayTrouble(day, err)
	}
	return nil
}

// release notes that nothing of the day waits for a trouble any more.
func (f *Forwarder) release(day calendar.TradingDay) {
	delete(f.troubles, day)
	if f.state.release(day) {
		f.opt.Observer.DayTrouble(day, nil)
	}
}
