package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

const (
	frontColumns = "front_id, store_id, life, number, process, machine, version, started, counted, stopped, held, oldest, " +
		"set_aside, forwarded, clock_offset, clock_error, admin_address, config"
	frontValues = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18"
	// postgresNow is PostgreSQL's clock, and not the transaction's beginning.
	postgresNow = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
)

const insertFrontSQL = "INSERT INTO front (" + frontColumns + ", seen) VALUES (" + frontValues + ", " + postgresNow + ") ON CONFLICT DO NOTHING"

// continueFrontSQL takes the row of the life $19 that made $20 reports, if it is still so. A front
// that was retired and reports is there after all.
const continueFrontSQL = "UPDATE front SET (" + frontColumns + ", seen, retired) = (" + frontValues + ", " +
	postgresNow + ", 0) WHERE front_id = $1 AND store_id = $2 AND life = $19 AND number = $20"

// reportAttempts is how often a report looks for its row, if another process changes it meanwhile.
const reportAttempts = 3

// ReportFront keeps a front's report, and returns what was known before of the
// fronts with its FrontID or its store: another process among them that is alive is a duplicate.
// The report takes the row of the life that it continues, or begins one. It is a
// transaction like a batch's: nil means that it is durable, also on a synchronous standby.
// ErrLifeTaken: nothing was noted. now is the clock that is compared with PostgreSQL's.
func (p *Store) ReportFront(ctx context.Context, r *store.FrontReport, now func() time.Time) (before []store.Front, err error) {
	if err := p.RequireSchema(ctx); err != nil {
		return nil, err
	}
	err = p.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := compareClocks(ctx, tx, r, now); err != nil {
			return err
		}
		for range reportAttempts {
			if before, err = frontsBeside(ctx, tx, r); err != nil {
				return err
			}
			if done, err := writeReport(ctx, tx, r, before); done || err != nil {
				return err
			}
		}
		return errors.New("another process reports as the same front at this moment")
	})
	if errors.Is(err, store.ErrLifeTaken) {
		err = store.ErrLifeTaken // alone: transact words every error as one of PostgreSQL, and this one is not
	}
	return before, err
}

// compareClocks notes in r how far the two clocks are apart.
func compareClocks(ctx context.Context, tx pgx.Tx, r *store.FrontReport, now func() time.Time) (err error) {
	r.ClockOffset, r.ClockError, err = clockOffset(ctx, tx, now)
	return err
}

func frontsBeside(ctx context.Context, tx pgx.Tx, r *store.FrontReport) ([]store.Front, error) {
	rows, err := tx.Query(ctx, selectFronts+" WHERE front_id = $1 OR store_id = $2 ORDER BY seen", r.FrontID, [16]byte(r.StoreID))
	if err != nil {
		return nil, err
	}
	fronts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Front, error) { return scanFront(row) })
	markOtherLives(fronts)
	return fronts, err
}

// writeReport puts the report into the row that it continues, the one with the last report if there are several, or into a new
// one. It is not done if another process was faster.
func writeReport(ctx context.Context, tx pgx.Tx, r *store.FrontReport, before []store.Front) (done bool, err error) {
	held, err := json.Marshal(joinForwarded(r.Held, r.ForwardedOf))
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	args := []any{
		r.FrontID, [16]byte(r.StoreID), [16]byte(r.Life), r.Number, [16]byte(r.Process), r.Host, r.Version, sqlrows.Micros(r.Started),
		sqlrows.Micros(r.Counted), r.Stopped, string(held), sqlrows.Micros(r.Oldest), r.CorruptStores, r.Forwarded,
		r.ClockOffset.Microseconds(), r.ClockError.Microseconds(), r.AdminAddress, r.Config,
	}
	query := insertFrontSQL
	for i := len(before) - 1; i >= 0; i-- {
		f := &before[i]
		if f.FrontID != r.FrontID || f.StoreID != r.StoreID {
			continue
		}
		if f.Life == r.Life && f.Number >= r.Number {
			return false, store.ErrLifeTaken
		}
		if continues(r, f) && query == insertFrontSQL {
			query, args = continueFrontSQL, append(args, [16]byte(f.Life), f.Number)
		}
	}
	tag, err := tx.Exec(ctx, query, args...)
	return err == nil && tag.RowsAffected() == 1, err
}

const selectFronts = "SELECT " + frontColumns + ", seen, " + postgresNow + " - seen, retired FROM front"

func scanFront(row sqlrows.Scanner) (f store.Front, err error) {
	var started, counted, oldest, seen, ago, retired, offset, clockError int64
	var held string
	if err := row.Scan(&f.FrontID, &f.StoreID, &f.Life, &f.Number, &f.Process, &f.Host, &f.Version, &started, &counted, &f.Stopped, &held, &oldest,
		&f.CorruptStores, &f.Forwarded, &offset, &clockError, &f.AdminAddress, &f.Config, &seen, &ago, &retired); err != nil {
		return store.Front{}, err
	}
	f.Held, f.ForwardedOf, f.Unreadable = parseHeld(held)
	f.Started, f.Counted, f.Oldest = sqlrows.FromMicros(started), sqlrows.FromMicros(counted), sqlrows.FromMicros(oldest)
	f.ClockOffset, f.ClockError = time.Duration(offset)*time.Microsecond, time.Duration(clockError)*time.Microsecond
	f.Seen, f.Retired, f.Ago = sqlrows.FromMicros(seen), sqlrows.FromMicros(retired), time.Duration(ago)*time.Microsecond
	return f, nil
}

// Fronts lists all fronts that ever reported, the retired ones too, in the order of their IDs.
func (p *Store) Fronts(ctx context.Context) ([]store.Front, error) {
	rows, err := p.pool.Query(ctx, selectFronts+" ORDER BY front_id, started, seen")
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	fronts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Front, error) { return scanFront(row) })
	markOtherLives(fronts)
	return fronts, p.explain(ctx, err)
}

// RecordFronts are the FrontIDs that the records of a day name.
func (p *Store) RecordFronts(ctx context.Context, day calendar.TradingDay) ([]int32, error) {
	rows, err := p.pool.Query(ctx, "SELECT DISTINCT front_id FROM record WHERE trading_day = $1 ORDER BY front_id", int32(day))
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	return ids, p.explain(ctx, err)
}

// RetireFront notes that a front's local store is gone for good, unless the front has
// reported since f was read: then it is ErrNotFound.
func (p *Store) RetireFront(ctx context.Context, f *store.Front) error {
	tag, err := p.pool.Exec(ctx, "UPDATE front SET retired = "+postgresNow+" WHERE front_id = $1 AND store_id = $2 AND life = $3 AND seen = $4",
		f.FrontID, [16]byte(f.StoreID), [16]byte(f.Life), sqlrows.Micros(f.Seen))
	if err != nil {
		return p.explain(ctx, err)
	}
	if tag.RowsAffected() == 0 {
		return store.ErrNotFound
	}
	return nil
}
