package journal

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// What the forwarder asks of the local store while it forwards day by day.

// WaitingDays are the trading days of the records, as the column has them: an altered one may
// be no day. Each costs one look into the index, however many records it has.
func (l *Journal) WaitingDays(ctx context.Context) (days []any, err error) {
	rows, err := l.db.QueryContext(ctx, `WITH RECURSIVE d (day) AS (SELECT min(trading_day) FROM record
		UNION ALL SELECT (SELECT min(trading_day) FROM record WHERE trading_day > d.day) FROM d WHERE d.day IS NOT NULL)
		SELECT day FROM d WHERE day IS NOT NULL`)
	if err != nil {
		return nil, l.writer.noteBroken(localfile.Explain(ctx, err))
	}
	defer rows.Close()
	for rows.Next() {
		var day any
		if err := rows.Scan(&day); err != nil {
			return nil, localfile.Explain(ctx, err)
		}
		days = append(days, day)
	}
	return days, l.writer.noteBroken(localfile.Explain(ctx, rows.Err()))
}

// OfDay reads n records of a day in the order of their RecordIDs, those behind after. That is
// the order in which they were made, near enough, and the index has it.
func (l *Journal) OfDay(ctx context.Context, day any, after uuid.UUID, n int) ([]store.Entry, error) {
	from := after[:]
	if after == uuid.Nil {
		from = []byte{} // also what is no RecordID any more
	}
	entries, err := l.entries(ctx, "WHERE trading_day = ? AND record_id > ? ORDER BY record_id LIMIT ?", day, from, n)
	return entries, l.writer.noteBroken(err)
}

// PlaceOf says where the record with that seq is, and its day if it waits.
func (l *Journal) PlaceOf(ctx context.Context, seq int64) (p store.Place, day calendar.TradingDay, err error) {
	var refused bool
	var waits sql.NullInt64
	err = l.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM quarantine WHERE seq = ?1),
		(SELECT trading_day FROM record WHERE seq = ?1)`, seq).Scan(&refused, &waits)
	switch {
	case err != nil:
		return store.Forwarded, 0, localfile.Explain(ctx, err)
	case refused:
		return store.Quarantined, 0, nil
	case waits.Valid:
		return store.Waiting, calendar.TradingDay(waits.Int64), nil
	}
	return store.Forwarded, 0, nil
}

// FirstWaiting is the day of the oldest record up to that seq, 0 if there is none.
func (l *Journal) FirstWaiting(ctx context.Context, upTo int64) (calendar.TradingDay, error) {
	var day sql.NullInt64
	err := l.db.QueryRowContext(ctx, "SELECT (SELECT trading_day FROM record WHERE seq <= ? ORDER BY seq LIMIT 1)", upTo).Scan(&day)
	return calendar.TradingDay(day.Int64), localfile.Explain(ctx, err)
}
