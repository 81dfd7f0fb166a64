package tour

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// thisRun leaves out of reports what was recorded before this demo: a PostgreSQL that is used again has
// logins of earlier ones, whose keys are gone.
type thisRun struct {
	assemble.Records
	began time.Time
}

func (r thisRun) Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error) {
	s, err := r.Records.Snapshot(ctx, day)
	return snapshotSince{s, r.began}, err
}

type snapshotSince struct {
	store.Snapshot
	began time.Time
}

func (s snapshotSince) Scan(ctx context.Context, after store.Position, f func(*store.Record) error) error {
	return s.Snapshot.Scan(ctx, after, func(r *store.Record) error {
		if r.LoginTime.Before(s.began) {
			return nil
		}
		return f(r)
	})
}
