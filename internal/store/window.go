package store

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Records whose login time is not of the day that they are on: the calendar was changed after they were written.

// idMargin is how far a RecordID, which is made after the login time was taken, may lie outside the
// window of its login.
const idMargin = time.Minute

// OutsideWindow counts the records of a day whose login time is not in [start, end). It reads all of them.
func (p *Postgres) OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (n int64, err error) {
	err = p.pool.QueryRow(ctx, "SELECT count(*) FROM record WHERE trading_day = $1 AND NOT (login_time >= $2 AND login_time < $3)",
		int32(day), start.Unix(), end.Unix()).Scan(&n)
	return n, postgresError(ctx, err)
}

// OutsideWindow is that of Postgres.
func (l *Local) OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM record WHERE trading_day = ? AND NOT (login_time >= ? AND login_time < ?)",
		int64(day), start.Unix(), end.Unix()).Scan(&n)
	return n, readError(ctx, err)
}

// InWindow counts the records of the days from first to last whose login time is in [start, end). RecordIDs
// begin with the time, so the index on them finds the few that come into question.
func (p *Postgres) InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (n int64, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM record WHERE trading_day BETWEEN $1 AND $2
		AND record_id >= $3 AND record_id < $4 AND login_time >= $5 AND login_time < $6`,
		int32(first), int32(last), idOf(start.Add(-idMargin)), idOf(end.Add(idMargin)), start.Unix(), end.Unix()).Scan(&n)
	return n, postgresError(ctx, err)
}

// InWindow is that of Postgres. It asks each day by itself, since the index begins with the day.
func (l *Local) InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (n int64, err error) {
	from, to := idOf(start.Add(-idMargin)), idOf(end.Add(idMargin))
	err = l.db.QueryRowContext(ctx, `WITH RECURSIVE d (day) AS (SELECT min(trading_day) FROM record WHERE trading_day >= ?1
			UNION ALL SELECT (SELECT min(trading_day) FROM record WHERE trading_day > d.day) FROM d WHERE d.day < ?2)
		SELECT coalesce(sum((SELECT count(*) FROM record WHERE trading_day = d.day
			AND record_id >= ?3 AND record_id < ?4 AND login_time >= ?5 AND login_time < ?6)), 0) FROM d WHERE d.day <= ?2`,
		int64(first), int64(last), from[:], to[:], start.Unix(), end.Unix()).Scan(&n)
	return n, readError(ctx, err)
}

// idOf is the least UUIDv7 of that time: its first 48 bits are milliseconds since 1970.
func idOf(t time.Time) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(t.UnixMilli())<<16)
	return id
}

// ReassignedFrom reports whether records of the day were ever moved to another.
func (p *Postgres) ReassignedFrom(ctx context.Context, day calendar.TradingDay) (moved bool, err error) {
	err = p.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM reassigned_from WHERE day = $1)", int32(day)).Scan(&moved)
	return moved, postgresError(ctx, err)
}

// ReassignedFrom is that of Postgres.
func (l *Local) ReassignedFrom(ctx context.Context, day calendar.TradingDay) (moved bool, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM reassigned_from WHERE day = ?)", int64(day)).Scan(&moved)
	return moved, readError(ctx, err)
}
