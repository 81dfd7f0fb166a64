package sqlrows

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// AddWaiver notes a waiver. Its moment is taken once a day.
func AddWaiver(ctx context.Context, db *Tables, w *store.Waiver) error {
	obstacles, err := json.Marshal(w.Obstacles)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	result, err := db.ExecContext(ctx, `INSERT INTO waiver (day, waived_at, waived_by, reason, obstacles)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, int32(w.Day), Micros(w.At), w.By, w.Reason, string(obstacles))
	if err != nil {
		return db.Explain(ctx, err)
	}
	return wantAdded(ctx, db, "waiver", result, "SELECT 1 FROM waiver WHERE day = $1 AND waived_at = $2", int32(w.Day), Micros(w.At))
}

// Waivers lists those of a day, in the order of time.
func Waivers(ctx context.Context, db *Tables, day calendar.TradingDay) ([]store.Waiver, error) {
	rows, err := db.QueryContext(ctx, "SELECT day, waived_at, waived_by, reason, obstacles FROM waiver WHERE day = $1 ORDER BY waived_at", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []store.Waiver
	for rows.Next() {
		var w store.Waiver
		var at int64
		var obstacles string
		if err := rows.Scan(&w.Day, &at, &w.By, &w.Reason, &obstacles); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if err := json.Unmarshal([]byte(obstacles), &w.Obstacles); err != nil {
			return nil, fmt.Errorf("store: waiver of %s: %w", w.Day, err)
		}
		w.At = FromMicros(at)
		all = append(all, w)
	}
	return all, db.Explain(ctx, rows.Err())
}
