package sqlrows

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// AddHandedIn notes that a report was handed in. A note of the same moment is store.ErrExists.
func AddHandedIn(ctx context.Context, db *Tables, h *store.HandedIn) error {
	result, err := db.ExecContext(ctx, "INSERT INTO handed_in (day, noted_at, noted_by, number, receipt) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		int32(h.Day), Micros(h.At), h.By, h.Number, h.Receipt)
	if err != nil {
		return db.Explain(ctx, err)
	}
	added, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if added == 0 {
		return store.ErrExists
	}
	return nil
}

// HandedIn lists what was noted of a day, in the order of time.
func HandedIn(ctx context.Context, db *Tables, day calendar.TradingDay) ([]store.HandedIn, error) {
	rows, err := db.QueryContext(ctx, "SELECT day, noted_at, noted_by, number, receipt FROM handed_in WHERE day = $1 ORDER BY noted_at", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []store.HandedIn
	for rows.Next() {
		var h store.HandedIn
		var at int64
		if err := rows.Scan(&h.Day, &at, &h.By, &h.Number, &h.Receipt); err != nil {
			return nil, db.Explain(ctx, err)
		}
		h.At = FromMicros(at)
		all = append(all, h)
	}
	return all, db.Explain(ctx, rows.Err())
}
