package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Reassign does on the local store what Postgres.Reassign does. A moved record gets a
// fresh seq. It is for the embedded driver: the records of a journal that are on their
// way to PostgreSQL are reassigned there.
func (l *Local) Reassign(ctx context.Context, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return l.reassignAll(ctx, "provisional <> 0", nil, dayOf, progress)
}

// ReassignDay does on the local store what Postgres.ReassignDay does.
func (l *Local) ReassignDay(ctx context.Context, day calendar.TradingDay, start, end time.Time, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return l.reassignAll(ctx, "trading_day = ? AND NOT (login_time >= ? AND login_time < ?)",
		[]any{int64(day), start.Unix(), end.Unix()}, dayOf, progress)
}

// reassignAll works on the records that the condition which, of our own schema, means.
func (l *Local) reassignAll(ctx context.Context, which string, args []any, dayOf DayOf, progress func(looked int64)) (Reassigned, error) {
	return eachBatch(progress, func(after provisional) (batch []provisional, did Reassigned, err error) {
		if err := ctx.Err(); err != nil {
			return nil, did, err
		}
		err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
			if batch, err = readLocalReassigned(ctx, conn, which, args, after); err != nil {
				return err
			}
			did, err = reassignLocal(ctx, conn, batch, dayOf)
			return err
		}})
		return batch, did, err
	})
}

func readLocalReassigned(ctx context.Context, conn *sql.Conn, which string, args []any, after provisional) (batch []provisional, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT seq, record_id, trading_day, login_time FROM record WHERE "+which+ //nolint:gosec // G202: conditions of our own
		" AND (login_time, record_id) > (?, ?) ORDER BY login_time, record_id LIMIT ?", append(slices.Clone(args), after.time, after.id[:], reassignRows)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p provisional
		var id []byte
		if err := rows.Scan(&p.seq, &id, &p.day, &p.time); err != nil {
			return nil, err
		}
		if p.id, err = uuid.FromBytes(id); err != nil {
			return nil, err
		}
		batch = append(batch, p)
	}
	return batch, rows.Err()
}

func reassignLocal(ctx context.Context, conn *sql.Conn, batch []provisional, dayOf DayOf) (did Reassigned, err error) {
	moves, left := sortOut(batch, dayOf)
	did.Provisional = left
	last, err := maxSeq(ctx, conn)
	if err != nil {
		return did, err
	}
	for m, recs := range moves {
		for _, r := range recs {
			last++
			if err := settleRecord(ctx, conn, &did, m, r, last); err != nil {
				return did, err
			}
		}
		if m.from == m.to {
			continue
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO reassigned_from (day, arrival) VALUES (?, ?)
			ON CONFLICT (day) DO UPDATE SET arrival = excluded.arrival`, int64(m.from), last); err != nil {
			return did, err
		}
	}
	return did, nil
}

// settleRecord confirms or moves one record; seq is the one it gets if it is moved.
func settleRecord(ctx context.Context, conn *sql.Conn, r *Reassigned, m move, p provisional, seq int64) error {
	crc, err := checksumOn(ctx, conn, p.seq, m.to)
	if err != nil {
		return fmt.Errorf("record %v: %w", p.id, err)
	}
	if m.from == m.to {
		r.Confirmed++
		_, err := conn.ExecContext(ctx, "UPDATE record SET provisional = 0, crc = ? WHERE seq = ?", crc, p.seq)
		return err
	}
	var there int
	err = conn.QueryRowContext(ctx, "SELECT 1 FROM record WHERE trading_day = ? AND record_id = ?", int64(m.to), p.id[:]).Scan(&there)
	switch {
	case err == nil:
		r.Dropped++
		_, err = conn.ExecContext(ctx, "DELETE FROM record WHERE seq = ?", p.seq)
	case errors.Is(err, sql.ErrNoRows):
		r.Moved++
		_, err = conn.ExecContext(ctx, "UPDATE record SET seq = ?, trading_day = ?, provisional = 0, crc = ? WHERE seq = ?",
			seq, int64(m.to), crc, p.seq)
	}
	return err
}

// checksumOn is the checksum that a record gets once its day is certain; none if it had none.
func checksumOn(ctx context.Context, conn *sql.Conn, seq int64, day calendar.TradingDay) (crc sql.NullInt64, err error) {
	var row localRow
	if err := row.scan(conn.QueryRowContext(ctx, "SELECT "+localColumns+" FROM record WHERE seq = ?", seq)); err != nil {
		return crc, err
	}
	row.rec.TradingDay, row.rec.Provisional = day, false
	return sql.NullInt64{Int64: int64(row.rec.Checksum()), Valid: row.crc.Valid}, nil
}
