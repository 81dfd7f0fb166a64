package store

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
)

// EnsurePartitions makes the partitions of the days that are not there yet. Fronts call
// it for the days to come, so that no batch waits for it; a batch that meets a day
// without one makes it first. Any number of processes may do so at once.
func (p *Postgres) EnsurePartitions(ctx context.Context, days []calendar.TradingDay) error {
	for _, day := range days {
		if p.knowsDay(day) {
			continue
		}
		_, err := p.pool.Exec(ctx, "SELECT ensure_record_partition($1)", int32(day))
		if isRefusal(err) {
			return &RefusedError{err}
		}
		if err != nil {
			return postgresError(ctx, err)
		}
		p.learnDay(day)
	}
	return nil
}

// ensureDaysOf makes the partitions that recs need, in a transaction of its own: should
// theirs fail, an empty partition hurts nobody.
func (p *Postgres) ensureDaysOf(ctx context.Context, recs []Record) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errPatience)
	defer cancel()
	var last calendar.TradingDay
	for i := range recs {
		if day := recs[i].TradingDay; day != last || i == 0 {
			if err := p.EnsurePartitions(ctx, []calendar.TradingDay{day}); err != nil {
				return err
			}
			last = day
		}
	}
	return nil
}

func (p *Postgres) knowsDay(day calendar.TradingDay) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.days[day]
}

// maxDays bounds the days that are remembered; there are some 250 a year.
const maxDays = 1000

func (p *Postgres) learnDay(day calendar.TradingDay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.days) >= maxDays {
		clear(p.days)
	}
	p.days[day] = true
}

// forgetDays is called when a partition that was known turns out to be missing.
func (p *Postgres) forgetDays() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.days)
}
