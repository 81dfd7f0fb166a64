package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// reassignLock makes several commands that reassign take turns, batch by batch; see lockID.
const reassignLock = 7305804402570882

// Reassign puts every provisional record whose day dayOf knows for certain on that day
// and takes the mark off. A moved record gets a fresh arrival, so that a day that was
// exported shows it as late. Where a record of that RecordID is on the right day already,
// the provisional one is a copy that a front sent again in doubt, and is dropped.
//
// It works in short transactions beside running fronts. If we crash, or after an error,
// the batches that were committed stay so; running it again does the rest, and when
// nothing is left to do it changes nothing.
func (p *Store) Reassign(ctx context.Context, dayOf store.DayOf,
	progress func(looked int64),
) (store.Reassigned, error) {
	return p.reassignAll(ctx, readProvisional, dayOf, progress)
}

// ReassignDay does the same with the records of a day that are not provisional and whose login time is not in [start, end): the
// calendar was changed since. The records of a day that is no trading day any more are all meant, with start and end equal. The
// provisional ones are Reassign's, whose counts these can be added to.
func (p *Store) ReassignDay(ctx context.Context, day calendar.TradingDay, start, end time.Time, dayOf store.DayOf,
	progress func(looked int64),
) (store.Reassigned, error) {
	return p.reassignAll(ctx, func(ctx context.Context, q querier, after sqlrows.Provisional) ([]sqlrows.Provisional, error) {
		const moved = "trading_day = $4 AND NOT provisional AND NOT (login_time >= $5 AND login_time < $6)"
		return readReassigned(ctx, q, moved, after, int32(day), start.Unix(), end.Unix())
	}, dayOf, progress)
}

// readBatch reads the records to be reassigned after the cursor.
type readBatch func(ctx context.Context, q querier, after sqlrows.Provisional) ([]sqlrows.Provisional, error)

func (p *Store) reassignAll(ctx context.Context, read readBatch, dayOf store.DayOf, progress func(looked int64)) (store.Reassigned, error) {
	return sqlrows.EachBatch(progress, func(after sqlrows.Provisional) (batch []sqlrows.Provisional, did store.Reassigned, err error) {
		for attempt := 0; ; attempt++ {
			if err := p.ensureTargets(ctx, read, after, dayOf); err != nil {
				return nil, did, err
			}
			err := p.transact(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
				if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(reassignLock)); err != nil {
					return err
				}
				if batch, err = read(ctx, tx, after); err != nil {
					return err
				}
				did, err = reassign(ctx, tx, batch, dayOf)
				return err
			})
			// A record of yet another day came between the two looks, or an operator dropped
			// a partition.
			if !isNoPartition(err) || attempt > 0 {
				return batch, did, err
			}
			p.forgetDays()
		}
	})
}

// ensureTargets makes the partitions that the next batch needs, in transactions of their
// own.
func (p *Store) ensureTargets(ctx context.Context, read readBatch, after sqlrows.Provisional, dayOf store.DayOf) error {
	batch, err := read(ctx, p.pool, after)
	if err != nil {
		return p.explain(ctx, err)
	}
	moves, _ := sqlrows.SortOut(batch, dayOf)
	var days []calendar.TradingDay
	for m := range moves {
		days = append(days, m.To)
	}
	return p.EnsurePartitions(ctx, days)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func readProvisional(ctx context.Context, q querier, after sqlrows.Provisional) ([]sqlrows.Provisional, error) {
	return readReassigned(ctx, q, "provisional", after)
}

func readReassigned(ctx context.Context, q querier, which string, after sqlrows.Provisional, args ...any) ([]sqlrows.Provisional, error) {
	rows, err := q.Query(ctx, "SELECT record_id, trading_day, login_time FROM record WHERE "+which+
		" AND (login_time, record_id) > ($1, $2) ORDER BY login_time, record_id LIMIT $3",
		append([]any{after.Time, [16]byte(after.ID), sqlrows.ReassignRows}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p sqlrows.Provisional, err error) {
		err = row.Scan((*[16]byte)(&p.ID), (*int32)(&p.Day), &p.Time)
		return p, err
	})
}

// reassign confirms or moves the records of batch, as SortOut decides, in tx.
func reassign(ctx context.Context, tx pgx.Tx, batch []sqlrows.Provisional, dayOf store.DayOf) (did store.Reassigned, err error) {
	moves, left := sqlrows.SortOut(batch, dayOf)
	did.Provisional = left
	for m, recs := range moves {
		ids := make([][16]byte, len(recs))
		for i, r := range recs {
			ids[i] = r.ID
		}
		if m.From == m.To {
			tag, err := tx.Exec(ctx, "UPDATE record SET provisional = false WHERE trading_day = $1 AND record_id = ANY($2)", int32(m.From), ids)
			if err != nil {
				return did, err
			}
			did.Confirmed += tag.RowsAffected()
			if err := sqlrows.WantRows("record", tag.RowsAffected(), int64(len(ids))); err != nil {
				return did, err
			}
			continue
		}
		copies, err := tx.Exec(ctx, `DELETE FROM record r WHERE trading_day = $1 AND record_id = ANY($3)
			AND EXISTS (SELECT FROM record o WHERE o.trading_day = $2 AND o.record_id = r.record_id)`, int32(m.From), int32(m.To), ids)
		if err != nil {
			return did, err
		}
		did.Dropped += copies.RowsAffected()
		tag, err := tx.Exec(ctx, `UPDATE record SET trading_day = $2, provisional = false, arrival = txid_current()
			WHERE trading_day = $1 AND record_id = ANY($3)`, int32(m.From), int32(m.To), ids)
		if err != nil {
			return did, err
		}
		did.Moved += tag.RowsAffected()
		// A row that goes to another partition is deleted and inserted: a trigger that drops it
		// in between would have it be in neither.
		if err := sqlrows.WantRows("record", copies.RowsAffected()+tag.RowsAffected(), int64(len(ids))); err != nil {
			return did, err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO reassigned_from (day, arrival) VALUES ($1, txid_current())
			ON CONFLICT (day) DO UPDATE SET arrival = excluded.arrival`, int32(m.From)); err != nil {
			return did, err
		}
	}
	return did, nil
}
