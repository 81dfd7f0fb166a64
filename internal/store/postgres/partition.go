package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// EnsurePartitions makes the partitions of the days that are not there yet. Fronts call
// it for the days to come, so that no batch waits for it; a batch that meets a day
// without one makes it first. Any number of processes may do so at once. A day that cannot
// have one is a *DayError and keeps the others from nothing.
func (p *Store) EnsurePartitions(ctx context.Context, days []calendar.TradingDay) error {
	var troubles []error
	for _, day := range days {
		err := p.ensurePartition(ctx, day)
		if trouble := (*store.DayError)(nil); errors.As(err, &trouble) {
			troubles = append(troubles, err)
		} else if err != nil {
			return err
		}
	}
	return errors.Join(troubles...)
}

// ensureSQL is one statement and so one transaction, with a bound on the wait for locks of its
// own. OFFSET keeps PostgreSQL from leaving the bound out.
const ensureSQL = "SELECT ensure_record_partition($1) FROM (SELECT set_config('lock_timeout', $2, true) OFFSET 0) AS bound"

func (p *Store) ensurePartition(ctx context.Context, day calendar.TradingDay) error {
	if p.knowsDay(day) {
		return nil
	}
	_, err := p.pool.Exec(ctx, ensureSQL, int32(day), strconv.FormatInt(p.lockPatience(), 10))
	switch {
	case err == nil:
		p.learnDay(day)
		return nil
	case state(err) == stateParameter:
		return &store.RefusedError{Err: err}
	case ctx.Err() == nil && (isDays(err) || isRefusal(err)): // what it refuses is a table, not a record
		return newDayError(day, p.readable(err))
	}
	return p.explain(ctx, err)
}

// ensureDaysOf makes the partitions that recs need, in a transaction of its own: should
// theirs fail, an empty partition does no harm.
func (p *Store) ensureDaysOf(ctx context.Context, recs []store.Record) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errPatience)
	defer cancel()
	var last calendar.TradingDay
	for i := range recs {
		if day := recs[i].TradingDay; day != last || i == 0 {
			if err := p.ensurePartition(ctx, day); err != nil {
				return err
			}
			last = day
		}
	}
	return nil
}

func (p *Store) knowsDay(day calendar.TradingDay) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.days[day]
}

// maxDays bounds the days that are remembered; there are some 250 a year.
const maxDays = 1000

func (p *Store) learnDay(day calendar.TradingDay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.days) >= maxDays {
		clear(p.days)
	}
	p.days[day] = true
}

// forgetDays is called when a partition that was known turns out to be missing.
func (p *Store) forgetDays() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.days)
}
