package journal

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Since is when the local store was created; see postgres.Store.Since.
func (l *Journal) Since(ctx context.Context) (time.Time, error) {
	return sqlrows.Since(ctx, l.Tables(), "SELECT CAST(strftime('%s', min(tstamp)) AS INTEGER) FROM goose_db_version")
}

// OutsideWindow is that of postgres.Store.
func (l *Journal) OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM record WHERE trading_day = ? AND NOT (login_time >= ? AND login_time < ?)",
		int64(day), start.Unix(), end.Unix()).Scan(&n)
	return n, localfile.Explain(ctx, err)
}

// InWindow is that of postgres.Store. It asks each day by itself, since the index begins with the day.
func (l *Journal) InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (n int64, err error) {
	from, to := sqlrows.IDsOf(start, end)
	err = l.db.QueryRowContext(ctx, `WITH RECURSIVE d (day) AS (SELECT min(trading_day) FROM record WHERE trading_day >= ?1
			UNION ALL SELECT (SELECT min(trading_day) FROM record WHERE trading_day > d.day) FROM d WHERE d.day < ?2)
		SELECT coalesce(sum((SELECT count(*) FROM record WHERE trading_day = d.day
			AND record_id >= ?3 AND record_id < ?4 AND login_time >= ?5 AND login_time < ?6)), 0) FROM d WHERE d.day <= ?2`,
		int64(first), int64(last), from[:], to[:], start.Unix(), end.Unix()).Scan(&n)
	return n, localfile.Explain(ctx, err)
}

// ReassignedFrom is that of Postgres.
func (l *Journal) ReassignedFrom(ctx context.Context, day calendar.TradingDay) (moved bool, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM reassigned_from WHERE day = ?)", int64(day)).Scan(&moved)
	return moved, localfile.Explain(ctx, err)
}
