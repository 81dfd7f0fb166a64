package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Waiver says that a report of a day may be written in spite of obstacles.
type Waiver struct {
	Day       calendar.TradingDay
	At        time.Time // kept to the microsecond
	By        string    // user@machine
	Reason    string
	Obstacles []Obstacle // as they were then
}

// Covers reports whether the waiver is about this obstacle of its day, and the obstacle has not
// grown since: more records than were waived are a new matter, and so is a number that
// became known, or unknown.
func (w *Waiver) Covers(o *Obstacle) bool {
	if !o.concerns(w.Day) {
		return false
	}
	for i := range w.Obstacles {
		was := &w.Obstacles[i]
		if was.same(o) && o.Records <= was.Records && (o.Records == 0) == (was.Records == 0) {
			return true
		}
	}
	return false
}

// AddWaiver notes a waiver in the local store, for reports of the embedded driver. ErrExists:
// another one was noted in the same microsecond.
func (l *Local) AddWaiver(ctx context.Context, w *Waiver) error { return addWaiver(ctx, l.Tables(), w) }

// AddWaiver notes a waiver in PostgreSQL; see Local.AddWaiver.
func (p *Postgres) AddWaiver(ctx context.Context, w *Waiver) error {
	return addWaiver(ctx, p.Tables(), w)
}

// Waivers lists the waivers of a day, oldest first.
func (l *Local) Waivers(ctx context.Context, day calendar.TradingDay) ([]Waiver, error) {
	return listWaivers(ctx, l.Tables(), day)
}

// Waivers lists the waivers of a day, oldest first.
func (p *Postgres) Waivers(ctx context.Context, day calendar.TradingDay) ([]Waiver, error) {
	return listWaivers(ctx, p.Tables(), day)
}

func addWaiver(ctx context.Context, db *Tables, w *Waiver) error {
	obstacles, err := json.Marshal(w.Obstacles)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	result, err := db.ExecContext(ctx, `INSERT INTO waiver (day, waived_at, waived_by, reason, obstacles)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, int32(w.Day), micros(w.At), w.By, w.Reason, string(obstacles))
	if err != nil {
		return db.Explain(ctx, err)
	}
	return wantAdded(ctx, db, "waiver", result, "SELECT 1 FROM waiver WHERE day = $1 AND waived_at = $2", int32(w.Day), micros(w.At))
}

func listWaivers(ctx context.Context, db *Tables, day calendar.TradingDay) ([]Waiver, error) {
	rows, err := db.QueryContext(ctx, "SELECT day, waived_at, waived_by, reason, obstacles FROM waiver WHERE day = $1 ORDER BY waived_at", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []Waiver
	for rows.Next() {
		var w Waiver
		var at int64
		var obstacles string
		if err := rows.Scan(&w.Day, &at, &w.By, &w.Reason, &obstacles); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if err := json.Unmarshal([]byte(obstacles), &w.Obstacles); err != nil {
			return nil, fmt.Errorf("store: waiver of %s: %w", w.Day, err)
		}
		w.At = fromMicros(at)
		all = append(all, w)
	}
	return all, db.Explain(ctx, rows.Err())
}
