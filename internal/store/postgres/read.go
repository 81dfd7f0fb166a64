package postgres

import (
	"bytes"
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Scan calls f for each record of the day in RecordID order; see Store. PostgreSQL reads
// the day's partition alone; rows are decoded from the wire's bytes as they come.
func (p *Store) Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	return p.scan(ctx, f, "trading_day = $1 ORDER BY record_id", int32(day))
}

// Find returns the record with that RecordID, or ErrNotFound: one index lookup a day. Of a submission that is in
// two days it is the first day's.
func (p *Store) Find(ctx context.Context, id uuid.UUID) (store.Record, error) {
	rows, err := p.pool.Query(ctx, "SELECT "+sqlrows.Columns+" FROM record WHERE record_id = $1 ORDER BY trading_day LIMIT 1", binaryFormat, [16]byte(id))
	if err != nil {
		return store.Record{}, p.explain(ctx, err)
	}
	rec, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (rec store.Record, err error) {
		err = recordLayout.decode(row.RawValues(), &rec)
		rec.Terminal, rec.Supplement = bytes.Clone(rec.Terminal), bytes.Clone(rec.Supplement)
		return rec, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Record{}, store.ErrNotFound
	}
	return rec, p.explain(ctx, err)
}

// FindAll calls f for each record with one of these RecordIDs, in no order, and so twice for one of two days. The record and its
// slices are valid only during the call.
func (p *Store) FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error {
	wanted := make([][16]byte, len(ids))
	for i := range ids {
		wanted[i] = ids[i]
	}
	return p.scan(ctx, f, "record_id = ANY($1)", wanted)
}

// Days counts the records of each trading day, in ascending order of days.
func (p *Store) Days(ctx context.Context) ([]store.DayCount, error) {
	return sqlrows.CountDays(ctx, p.Tables())
}

// EachOfAccount calls f for each record of an account, in no order. It reads every partition: there is no index for what is asked
// once a month. The record and its slices are valid only during the call.
func (p *Store) EachOfAccount(ctx context.Context, account regulation.Account, f func(*store.Record) error) error {
	return p.scan(ctx, f, "account = $1", string(account))
}

// scan calls f for each record for which that holds of $1, in the order of the condition.
func (p *Store) scan(ctx context.Context, f func(*store.Record) error, condition string, arg any) error {
	// When f ends the scan, closing rows would first read the rest; a cancelled context
	// closes the connection instead.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := p.pool.Query(ctx, "SELECT "+sqlrows.Columns+" FROM record WHERE "+condition, binaryFormat, arg)
	if err != nil {
		return p.explain(ctx, err)
	}
	defer rows.Close()
	var rec store.Record
	for rows.Next() {
		if err := recordLayout.decode(rows.RawValues(), &rec); err != nil {
			cancel()
			return err
		}
		if err := f(&rec); err != nil {
			cancel()
			return err
		}
	}
	// The last rows may have been here already when ctx ended.
	return p.explain(ctx, cmp.Or(rows.Err(), ctx.Err()))
}
