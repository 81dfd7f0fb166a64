package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// What the forwarder asks the local store while records of some days wait there for longer.

// waitingDays are the trading days of the records, as the column has them: an altered one may
// be no day. Each costs one look into the index, however many records it has.
func (l *Local) waitingDays(ctx context.Context) (days []any, err error) {
	rows, err := l.db.QueryContext(ctx, `WITH RECURSIVE d (day) AS (SELECT min(trading_day) FROM record
		UNION ALL SELECT (SELECT min(trading_day) FROM record WHERE trading_day > d.day) FROM d WHERE d.day IS NOT NULL)
		SELECT day FROM d WHERE day IS NOT NULL`)
	if err != nil {
		return nil, l.writer.noteBroken(readError(ctx, err))
	}
	defer rows.Close()
	for rows.Next() {
		var day any
		if err := rows.Scan(&day); err != nil {
			return nil, readError(ctx, err)
		}
		days = append(days, day)
	}
	return days, l.writer.noteBroken(readError(ctx, rows.Err()))
}

// ofDay reads n records of a day in the order of their RecordIDs, those behind after. That is
// the order in which they were made, near enough, and the index has it.
func (l *Local) ofDay(ctx context.Context, day any, after uuid.UUID, n int) ([]entry, error) {
	from := after[:]
	if after == uuid.Nil {
		from = []byte{} // also what is no RecordID any more
	}
	entries, err := l.entries(ctx, "WHERE trading_day = ? AND record_id > ? ORDER BY record_id LIMIT ?", day, from, n)
	return entries, l.writer.noteBroken(err)
}

// whereabouts is where a record is that was appended.
type whereabouts int

const (
	gone     whereabouts = iota // PostgreSQL has it
	waiting                     // it is in the local store, to be sent
	setAside                    // it is in quarantine
)

// placeOf says where the record with that seq is, and its day if it waits.
func (l *Local) placeOf(ctx context.Context, seq int64) (p whereabouts, day calendar.TradingDay, err error) {
	var aside bool
	var waits sql.NullInt64
	err = l.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM quarantine WHERE seq = ?1),
		(SELECT trading_day FROM record WHERE seq = ?1)`, seq).Scan(&aside, &waits)
	switch {
	case err != nil:
		return gone, 0, readError(ctx, err)
	case aside:
		return setAside, 0, nil
	case waits.Valid:
		return waiting, calendar.TradingDay(waits.Int64), nil
	}
	return gone, 0, nil
}

// firstWaiting is the day of the oldest record up to that seq, 0 if there is none.
func (l *Local) firstWaiting(ctx context.Context, upTo int64) (calendar.TradingDay, error) {
	var day sql.NullInt64
	err := l.db.QueryRowContext(ctx, "SELECT (SELECT trading_day FROM record WHERE seq <= ? ORDER BY seq LIMIT 1)", upTo).Scan(&day)
	return calendar.TradingDay(day.Int64), readError(ctx, err)
}

// errWaits is what is known of a record that is not sent for its day's trouble.
var errWaits = errors.New("store: the record waits in the local store for a trouble of its trading day")

func waitsFor(trouble error) error {
	if trouble == nil {
		return errWaits
	}
	return fmt.Errorf("%w: %w", errWaits, trouble)
}
