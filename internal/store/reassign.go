package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
)

// reassignRows is how many provisional records one transaction looks at.
const reassignRows = 500

// reassignLock makes several commands that reassign take turns, batch by batch; see lockID.
const reassignLock = 7305804402570882

// DayOf says which trading day an instant belongs to and whether that is a guess: a
// calendar's TradingDayOf.
type DayOf func(time.Time) (day calendar.TradingDay, provisional bool)

// Reassigned is what Reassign did with the provisional records.
type Reassigned struct {
	Moved       int64 // to another day, as late records of it
	Confirmed   int64 // on the day they had; only the mark is gone
	Dropped     int64 // copies, by RecordID, of a record that was moved before
	Provisional int64 // left as they were: the calendar still does not know
}

// Looked is how many provisional records were looked at.
func (r Reassigned) Looked() int64 { return r.Moved + r.Confirmed + r.Dropped + r.Provisional }

func (r *Reassigned) add(o Reassigned) {
	r.Moved += o.Moved
	r.Confirmed += o.Confirmed
	r.Dropped += o.Dropped
	r.Provisional += o.Provisional
}

// provisional is a record whose trading day is not certain.
type provisional struct {
	id   uuid.UUID
	day  calendar.TradingDay
	time int64 // seconds since 1970, of the login
	seq  int64 // in the local store
}

// move is what has to be done with the records of one day that belong to another, or,
// if from equals to, are confirmed.
type move struct{ from, to calendar.TradingDay }

// sortOut says what has to be done with each of batch, and how many are left as they are.
func sortOut(batch []provisional, dayOf DayOf) (moves map[move][]provisional, left int64) {
	moves = make(map[move][]provisional)
	for _, p := range batch {
		day, guess := dayOf(instant(p.time))
		if guess {
			left++
			continue
		}
		m := move{p.day, day}
		moves[m] = append(moves[m], p)
	}
	return moves, left
}

// eachBatch calls f, which works on the provisional records after the cursor and returns
// them, until there are no more, and tells progress how many were looked at. The cursor
// passes over those that stay provisional.
func eachBatch(progress func(int64), f func(after provisional) ([]provisional, Reassigned, error)) (total Reassigned, err error) {
	after := provisional{time: -1 << 62}
	for {
		batch, did, err := f(after)
		if err != nil {
			return total, err
		}
		total.add(did)
		if progress != nil {
			progress(total.Looked())
		}
		if len(batch) < reassignRows {
			return total, nil
		}
		after = batch[len(batch)-1]
	}
}

// Reassign puts every provisional record whose day dayOf knows for certain on that day
// and takes the mark off. A moved record gets a fresh arrival, so that a day that was
// exported shows it as late. Where a record of that RecordID is on the right day already,
// the provisional one is a copy that a front sent again in doubt, and is dropped.
//
// It works in short transactions beside running fronts. If we crash, or after an error,
// the batches that were committed stay so; running it again does the rest, and when
// nothing is left to do it changes nothing.
func (p *Postgres) Reassign(ctx context.Context, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return p.reassignAll(ctx, readProvisional, dayOf, progress)
}

// ReassignDay does the same with the records of a day whose login time is not in [start, end),
// provisional or not: the calendar was changed since. The records of a day that is no trading day any more are
// all meant, with start and end equal.
func (p *Postgres) ReassignDay(ctx context.Context, day calendar.TradingDay, start, end time.Time, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return p.reassignAll(ctx, func(ctx context.Context, q querier, after provisional) ([]provisional, error) {
		return readReassigned(ctx, q, "trading_day = $4 AND NOT (login_time >= $5 AND login_time < $6)", after, int32(day), start.Unix(), end.Unix())
	}, dayOf, progress)
}

// readBatch reads the records to be reassigned after the cursor.
type readBatch func(ctx context.Context, q querier, after provisional) ([]provisional, error)

func (p *Postgres) reassignAll(ctx context.Context, read readBatch, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return eachBatch(progress, func(after provisional) (batch []provisional, did Reassigned, err error) {
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
			// A record of yet another day came between the two looks, or somebody dropped
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
func (p *Postgres) ensureTargets(ctx context.Context, read readBatch, after provisional, dayOf DayOf) error {
	batch, err := read(ctx, p.pool, after)
	if err != nil {
		return postgresError(ctx, err)
	}
	moves, _ := sortOut(batch, dayOf)
	var days []calendar.TradingDay
	for m := range moves {
		days = append(days, m.to)
	}
	return p.EnsurePartitions(ctx, days)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func readProvisional(ctx context.Context, q querier, after provisional) ([]provisional, error) {
	return readReassigned(ctx, q, "provisional", after)
}

func readReassigned(ctx context.Context, q querier, which string, after provisional, args ...any) ([]provisional, error) {
	rows, err := q.Query(ctx, "SELECT record_id, trading_day, login_time FROM record WHERE "+which+
		" AND (login_time, record_id) > ($1, $2) ORDER BY login_time, record_id LIMIT $3",
		append([]any{after.time, [16]byte(after.id), reassignRows}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p provisional, err error) {
		err = row.Scan((*[16]byte)(&p.id), (*int32)(&p.day), &p.time)
		return p, err
	})
}

// reassign does with batch what sortOut says, in tx.
func reassign(ctx context.Context, tx pgx.Tx, batch []provisional, dayOf DayOf) (did Reassigned, err error) {
	moves, left := sortOut(batch, dayOf)
	did.Provisional = left
	for m, recs := range moves {
		ids := make([][16]byte, len(recs))
		for i, r := range recs {
			ids[i] = r.id
		}
		if m.from == m.to {
			tag, err := tx.Exec(ctx, "UPDATE record SET provisional = false WHERE trading_day = $1 AND record_id = ANY($2)", int32(m.from), ids)
			if err != nil {
				return did, err
			}
			did.Confirmed += tag.RowsAffected()
			if err := wantRows("record", tag.RowsAffected(), int64(len(ids))); err != nil {
				return did, err
			}
			continue
		}
		copies, err := tx.Exec(ctx, `DELETE FROM record r WHERE trading_day = $1 AND record_id = ANY($3)
			AND EXISTS (SELECT FROM record o WHERE o.trading_day = $2 AND o.record_id = r.record_id)`, int32(m.from), int32(m.to), ids)
		if err != nil {
			return did, err
		}
		did.Dropped += copies.RowsAffected()
		tag, err := tx.Exec(ctx, `UPDATE record SET trading_day = $2, provisional = false, arrival = txid_current()
			WHERE trading_day = $1 AND record_id = ANY($3)`, int32(m.from), int32(m.to), ids)
		if err != nil {
			return did, err
		}
		did.Moved += tag.RowsAffected()
		// A row that goes to another partition is deleted and inserted: a trigger that drops it
		// in between would have it be in neither.
		if err := wantRows("record", copies.RowsAffected()+tag.RowsAffected(), int64(len(ids))); err != nil {
			return did, err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO reassigned_from (day, arrival) VALUES ($1, txid_current())
			ON CONFLICT (day) DO UPDATE SET arrival = excluded.arrival`, int32(m.from)); err != nil {
			return did, err
		}
	}
	return did, nil
}
