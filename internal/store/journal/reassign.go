package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Reassign does on the local store what postgres.Store.Reassign does. A moved record gets a
// fresh seq. It is for the embedded driver: the records of a journal that are on their
// way to PostgreSQL are reassigned there.
func (l *Journal) Reassign(ctx context.Context, dayOf store.DayOf,
	progress func(looked int64),
) (store.Reassigned, error) {
	return l.reassignAll(ctx, "provisional <> 0", nil, dayOf, progress)
}

// ReassignDay does on the local store what postgres.Store.ReassignDay does.
func (l *Journal) ReassignDay(ctx context.Context, day calendar.TradingDay, start, end time.Time, dayOf store.DayOf,
	progress func(looked int64),
) (store.Reassigned, error) {
	return l.reassignAll(ctx, "trading_day = ? AND provisional = 0 AND NOT (login_time >= ? AND login_time < ?)",
		[]any{int64(day), start.Unix(), end.Unix()}, dayOf, progress)
}

// reassignAll reassigns the records for which the SQL condition which is true.
func (l *Journal) reassignAll(ctx context.Context, which string, args []any, dayOf store.DayOf, progress func(looked int64)) (store.Reassigned, error) {
	return sqlrows.EachBatch(progress, func(after sqlrows.Provisional) (batch []sqlrows.Provisional, did store.Reassigned, err error) {
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

func readLocalReassigned(ctx context.Context, conn *sql.Conn, which string, args []any, after sqlrows.Provisional) (batch []sqlrows.Provisional, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT seq, record_id, trading_day, login_time FROM record WHERE "+which+ //nolint:gosec // G202: conditions of our own
		" AND (login_time, record_id) > (?, ?) ORDER BY login_time, record_id LIMIT ?", append(slices.Clone(args), after.Time, after.ID[:], sqlrows.ReassignRows)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p sqlrows.Provisional
		var id []byte
		if err := rows.Scan(&p.Seq, &id, &p.Day, &p.Time); err != nil {
			return nil, err
		}
		if p.ID, err = uuid.FromBytes(id); err != nil {
			return nil, err
		}
		batch = append(batch, p)
	}
	return batch, rows.Err()
}

func reassignLocal(ctx context.Context, conn *sql.Conn, batch []sqlrows.Provisional, dayOf store.DayOf) (did store.Reassigned, err error) {
	moves, left := sqlrows.SortOut(batch, dayOf)
	did.Provisional = left
	last, err := MaxSeq(ctx, conn)
	if err != nil {
		return did, err
	}
	for m, recs := range moves {
		for _, r := range recs {
			last++
			if err := reassignRecord(ctx, conn, &did, m, r, last); err != nil {
				return did, err
			}
		}
		if m.From == m.To {
			continue
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO reassigned_from (day, arrival) VALUES (?, ?)
			ON CONFLICT (day) DO UPDATE SET arrival = excluded.arrival`, int64(m.From), last); err != nil {
			return did, err
		}
	}
	return did, nil
}

// reassignRecord confirms or moves one record; seq is the one it gets if it is moved.
func reassignRecord(ctx context.Context, conn *sql.Conn, r *store.Reassigned, m sqlrows.Move, p sqlrows.Provisional, seq int64) error {
	crc, err := checksumOn(ctx, conn, p.Seq, m.To)
	if err != nil {
		return fmt.Errorf("record %v: %w", p.ID, err)
	}
	if m.From == m.To {
		r.Confirmed++
		_, err := conn.ExecContext(ctx, "UPDATE record SET provisional = 0, crc = ? WHERE seq = ?", crc, p.Seq)
		return err
	}
	var there int
	err = conn.QueryRowContext(ctx, "SELECT 1 FROM record WHERE trading_day = ? AND record_id = ?", int64(m.To), p.ID[:]).Scan(&there)
	switch {
	case err == nil:
		r.Dropped++
		_, err = conn.ExecContext(ctx, "DELETE FROM record WHERE seq = ?", p.Seq)
	case errors.Is(err, sql.ErrNoRows):
		r.Moved++
		_, err = conn.ExecContext(ctx, "UPDATE record SET seq = ?, trading_day = ?, provisional = 0, crc = ? WHERE seq = ?",
			seq, int64(m.To), crc, p.Seq)
	}
	return err
}

// checksumOn is the checksum that a record gets once its day is certain; none if it had none.
func checksumOn(ctx context.Context, conn *sql.Conn, seq int64, day calendar.TradingDay) (crc sql.NullInt64, err error) {
	var row Row
	if err := row.Scan(conn.QueryRowContext(ctx, "SELECT "+sqlrows.LocalColumns+" FROM record WHERE seq = ?", seq)); err != nil {
		return crc, err
	}
	row.Record.TradingDay, row.Record.Provisional = day, false
	return sql.NullInt64{Int64: int64(row.Record.Checksum()), Valid: row.Checksum.Valid}, nil
}
