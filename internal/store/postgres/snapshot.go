package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// snapshot is a REPEATABLE READ READ ONLY transaction: its position and all its
// scans come from the same snapshot.
type snapshot struct {
	conn     *pgxpool.Conn
	day      calendar.TradingDay
	position store.Position
}

// Snapshot begins to read the records of a day.
func (p *Store) Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	s := &snapshot{conn: conn, day: day}
	if _, err = conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err == nil {
		err = conn.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&s.position)
	}
	if err != nil {
		_ = s.Close() // of no interest beside the first
		return nil, p.explain(ctx, err)
	}
	return s, nil
}

func (s *snapshot) Position() store.Position { return s.position }

// Close rolls back; a connection on which that fails is thrown away by its pool.
func (s *snapshot) Close() error {
	defer s.conn.Release()
	if s.conn.Conn().IsClosed() || s.conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	_, err := s.conn.Exec(ctx, "ROLLBACK")
	return err
}

// afterPosition is the condition for rows that snapshot $2 did not see. The first half is
// implied by the second and lets the index on arrival find them.
const afterPosition = "arrival >= txid_snapshot_xmin($2::text::txid_snapshot) AND NOT txid_visible_in_snapshot(arrival, $2::text::txid_snapshot)"

func (s *snapshot) Scan(ctx context.Context, after store.Position, f func(*store.Record) error) error {
	// When f ends the scan, closing rows would first read the rest; a cancelled context
	// closes the connection instead.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	query, args := "SELECT "+sqlrows.LineColumns+" FROM record WHERE trading_day = $1", []any{binaryFormat, int32(s.day)}
	if after == "" {
		// The primary key has the order. Sorting a large day would fill the server's disk
		// with a copy of it, which a planner that has no statistics yet would choose.
		if _, err := s.conn.Exec(ctx, "SET LOCAL enable_sort = off"); err != nil {
			return explain(ctx, err)
		}
	} else {
		if err := s.checkAhead(ctx, after); err != nil {
			return err
		}
		query, args = query+" AND "+afterPosition, append(args, string(after))
	}
	rows, err := s.conn.Query(ctx, query+" ORDER BY record_id", args...)
	if err != nil {
		return explain(ctx, err)
	}
	defer rows.Close()
	rec := store.Record{TradingDay: s.day}
	for rows.Next() {
		if err := lineLayout.decode(rows.RawValues(), &rec); err != nil {
			cancel()
			return err
		}
		if err := f(&rec); err != nil {
			cancel()
			return err
		}
	}
	// The last rows may have been here already when ctx ended.
	return explain(ctx, cmp.Or(rows.Err(), ctx.Err()))
}

func (s *snapshot) checkAhead(ctx context.Context, position store.Position) error {
	var ahead bool
	err := s.conn.QueryRow(ctx, "SELECT txid_snapshot_xmax($1::text::txid_snapshot) > txid_snapshot_xmax(txid_current_snapshot())",
		string(position)).Scan(&ahead)
	if err != nil {
		return explain(ctx, err)
	}
	if ahead {
		return &store.AheadError{Day: s.day}
	}
	return nil
}

// State counts the records of a day; which of them are late is asked only with a position.
func (p *Store) State(ctx context.Context, day calendar.TradingDay, position store.Position) (s store.DayState, err error) {
	query, args := "SELECT count(*), count(*) FILTER (WHERE provisional), 0, false FROM record WHERE trading_day = $1", []any{int32(day)}
	if position != "" {
		query = "SELECT count(*), count(*) FILTER (WHERE provisional), count(*) FILTER (WHERE " + afterPosition + "), " +
			"txid_snapshot_xmax($2::text::txid_snapshot) > txid_snapshot_xmax(txid_current_snapshot()) FROM record WHERE trading_day = $1"
		args = append(args, string(position))
	}
	var ahead bool
	if err := p.pool.QueryRow(ctx, query, args...).Scan(&s.Records, &s.Provisional, &s.Late, &ahead); err != nil {
		return store.DayState{}, p.explain(ctx, err)
	}
	if ahead {
		return store.DayState{}, &store.AheadError{Day: day}
	}
	return s, nil
}

// lateSQL goes by the last full or supplement export of each day. The lateral part looks
// at one partition and there at the end of the index on arrival.
const lateSQL = `SELECT e.day, late.n,
		txid_snapshot_xmax(e.position::txid_snapshot) > txid_snapshot_xmax(txid_current_snapshot())
	FROM (SELECT DISTINCT ON (day) day, position FROM report_export WHERE kind <> 'partial' ORDER BY day, number DESC) e
	CROSS JOIN LATERAL (SELECT count(*) AS n FROM record r WHERE r.trading_day = e.day
		AND r.arrival >= txid_snapshot_xmin(e.position::txid_snapshot)
		AND NOT txid_visible_in_snapshot(r.arrival, e.position::txid_snapshot)) late
	ORDER BY e.day`

// Left lists the exported days that records were moved away from since their last full
// export: a supplement after it takes no line away.
func (p *Store) Left(ctx context.Context) ([]calendar.TradingDay, error) {
	rows, err := p.pool.Query(ctx, `SELECT day FROM
		(SELECT DISTINCT ON (day) day, position FROM report_export WHERE kind = 'full' ORDER BY day, number DESC) e
		JOIN reassigned_from f USING (day)
		WHERE NOT txid_visible_in_snapshot(f.arrival, e.position::txid_snapshot) ORDER BY day`)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	days, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (day calendar.TradingDay, err error) {
		err = row.Scan((*int32)(&day))
		return day, err
	})
	return days, p.explain(ctx, err)
}

// Late counts the records of exported days that no full or supplement export holds; days
// without any are left out. It is cheap enough to be asked every minute.
func (p *Store) Late(ctx context.Context) ([]store.DayCount, error) {
	rows, err := p.pool.Query(ctx, lateSQL)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	defer rows.Close()
	var days []store.DayCount
	for rows.Next() {
		var d store.DayCount
		var ahead bool
		if err := rows.Scan((*int32)(&d.Day), &d.Records, &ahead); err != nil {
			return nil, p.explain(ctx, err)
		}
		if ahead {
			return nil, &store.AheadError{Day: d.Day}
		}
		if d.Records > 0 {
			days = append(days, d)
		}
	}
	return days, p.explain(ctx, rows.Err())
}
