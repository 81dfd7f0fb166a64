package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// HandedIn is that somebody gave a day's report to the monitoring centre.
type HandedIn struct {
	Day    calendar.TradingDay
	At     time.Time // when it was noted, kept to the microsecond
	By     string    // user@machine
	Number int       // of the day's export that was the last one then
}

// AddHandedIn notes in the local store that a report was handed in. ErrExists: it was noted in the
// same microsecond.
func (l *Local) AddHandedIn(ctx context.Context, h *HandedIn) error {
	return addHandedIn(ctx, l.Tables(), h)
}

// AddHandedIn notes in PostgreSQL that a report was handed in; see Local.AddHandedIn.
func (p *Postgres) AddHandedIn(ctx context.Context, h *HandedIn) error {
	return addHandedIn(ctx, p.Tables(), h)
}

// HandedIn lists when the report of a day was handed in, oldest first.
func (l *Local) HandedIn(ctx context.Context, day calendar.TradingDay) ([]HandedIn, error) {
	return listHandedIn(ctx, l.Tables(), day)
}

// HandedIn lists when the report of a day was handed in, oldest first.
func (p *Postgres) HandedIn(ctx context.Context, day calendar.TradingDay) ([]HandedIn, error) {
	return listHandedIn(ctx, p.Tables(), day)
}

func addHandedIn(ctx context.Context, db *Tables, h *HandedIn) error {
	result, err := db.ExecContext(ctx, "INSERT INTO handed_in (day, noted_at, noted_by, number) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		int32(h.Day), micros(h.At), h.By, h.Number)
	if err != nil {
		return db.Explain(ctx, err)
	}
	added, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if added == 0 {
		return ErrExists
	}
	return nil
}

func listHandedIn(ctx context.Context, db *Tables, day calendar.TradingDay) ([]HandedIn, error) {
	rows, err := db.QueryContext(ctx, "SELECT day, noted_at, noted_by, number FROM handed_in WHERE day = $1 ORDER BY noted_at", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []HandedIn
	for rows.Next() {
		var h HandedIn
		var at int64
		if err := rows.Scan(&h.Day, &at, &h.By, &h.Number); err != nil {
			return nil, db.Explain(ctx, err)
		}
		h.At = fromMicros(at)
		all = append(all, h)
	}
	return all, db.Explain(ctx, rows.Err())
}
