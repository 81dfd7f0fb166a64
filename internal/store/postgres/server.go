package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Version is the server's, as 150004 for 15.4.
func (p *Store) Version(ctx context.Context) (version int, err error) {
	err = p.pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version)
	return version, p.explain(ctx, err)
}

// ClockOffset is how far our clock is ahead of PostgreSQL's, give or take uncertain.
func (p *Store) ClockOffset(ctx context.Context, now func() time.Time) (offset, uncertain time.Duration, err error) {
	if err := p.pool.Ping(ctx); err != nil { // the connection is made before the clock is read
		return 0, 0, p.explain(ctx, err)
	}
	return clockOffset(ctx, p.pool, now)
}

type rowQueryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// clockOffset reads PostgreSQL's clock between two readings of ours.
func clockOffset(ctx context.Context, q rowQueryer, now func() time.Time) (offset, uncertain time.Duration, err error) {
	var theirs int64
	before := now()
	if err := q.QueryRow(ctx, "SELECT "+postgresNow).Scan(&theirs); err != nil {
		return 0, 0, err
	}
	uncertain = now().Sub(before) / 2
	return before.Add(uncertain).Sub(sqlrows.FromMicros(theirs)).Truncate(time.Microsecond), uncertain, nil
}

// MissingPartitions are those of the days that have no partition. It makes none.
func (p *Store) MissingPartitions(ctx context.Context, days []calendar.TradingDay) (missing []calendar.TradingDay, err error) {
	there, err := p.texts(ctx, `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('record')`)
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		if !slices.Contains(there, "record_"+day.String()) {
			missing = append(missing, day)
		}
	}
	return missing, nil
}
