package sqlrows

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// CountDays is Days on either database.
func CountDays(ctx context.Context, db *Tables) ([]store.DayCount, error) {
	rows, err := db.QueryContext(ctx, "SELECT trading_day, count(*) FROM record GROUP BY trading_day ORDER BY trading_day")
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var days []store.DayCount
	for rows.Next() {
		var d store.DayCount
		if err := rows.Scan(&d.Day, &d.Records); err != nil {
			return nil, db.Explain(ctx, err)
		}
		days = append(days, d)
	}
	return days, db.Explain(ctx, rows.Err())
}

// Scanner is a *sql.Row or *sql.Rows.
type Scanner interface{ Scan(dest ...any) error }

// Since is the moment that the query has as seconds since 1970: when the schema was made.
func Since(ctx context.Context, db *Tables, query string) (time.Time, error) {
	var seconds sql.NullInt64
	if err := db.QueryRowContext(ctx, query).Scan(&seconds); err != nil {
		return time.Time{}, db.Explain(ctx, err)
	}
	if !seconds.Valid {
		return time.Time{}, errors.New("store: the schema has no version")
	}
	return time.Unix(seconds.Int64, 0), nil
}

// IDsOf are the bounds of the RecordIDs of login times in [start, end): the first, and one beyond the last.
func IDsOf(start, end time.Time) (from, to [16]byte) {
	return IDOf(start.Add(-store.MaxSubmitIDAge - idMargin)), IDOf(end.Add(store.MaxSubmitIDAhead + idMargin))
}

// idMargin is for clocks that were set between two steps of a login.
const idMargin = time.Minute

// IDOf is the least RecordID of that time: its first 48 bits are milliseconds since 1970.
func IDOf(t time.Time) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(t.UnixMilli())<<16)
	return id
}
