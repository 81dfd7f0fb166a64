package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Snapshot is the records of one day as they stood at one moment, for an export.
type Snapshot interface {
	// Position is that moment: what the snapshot sees, and nothing else, is up to it.
	Position() Position
	// Scan calls f for each record that arrived after the position after ("" for all), in
	// RecordID order and constant memory. Of the record only what a report needs is set:
	// ID, TradingDay, LoginTime, VendorID, KeyVersion, both ciphertexts, Flag and
	// Provisional. It is valid during the call. An error of f ends the scan and is
	// returned; the snapshot is then good for Close alone.
	Scan(ctx context.Context, after Position, f func(*Record) error) error
	// Close ends the snapshot. While it is open PostgreSQL keeps what it sees.
	Close() error
}

// lineColumns are what Snapshot.Scan reads.
const lineColumns = "record_id, login_time, vendor_id, key_version, terminal, supplement, flag, provisional"

// postgresSnapshot is a REPEATABLE READ READ ONLY transaction: its position and all its
// scans come from the same snapshot.
type postgresSnapshot struct {
	conn     *pgxpool.Conn
	day      calendar.TradingDay
	position Position
}

// Snapshot begins to read the records of a day.
func (p *Postgres) Snapshot(ctx context.Context, day calendar.TradingDay) (Snapshot, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, postgresError(ctx, err)
	}
	s := &postgresSnapshot{conn: conn, day: day}
	if _, err = conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err == nil {
		err = conn.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&s.position)
	}
	if err != nil {
		_ = s.Close() // of no interest beside the first
		return nil, postgresError(ctx, err)
	}
	return s, nil
}

func (s *postgresSnapshot) Position() Position { return s.position }

// Close rolls back; a connection on which that fails is thrown away by its pool.
func (s *postgresSnapshot) Close() error {
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

func (s *postgresSnapshot) Scan(ctx context.Context, after Position, f func(*Record) error) error {
	// When f ends the scan, closing rows would first read the rest; a cancelled context
	// closes the connection instead.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	query, args := "SELECT "+lineColumns+" FROM record WHERE trading_day = $1", []any{binaryFormat, int32(s.day)}
	if after == "" {
		// The primary key has the order. Sorting a large day would fill the server's disk
		// with a copy of it, which a planner that has no statistics yet would choose.
		if _, err := s.conn.Exec(ctx, "SET LOCAL enable_sort = off"); err != nil {
			return postgresError(ctx, err)
		}
	} else {
		if err := s.checkAhead(ctx, after); err != nil {
			return err
		}
		query, args = query+" AND "+afterPosition, append(args, string(after))
	}
	rows, err := s.conn.Query(ctx, query+" ORDER BY record_id", args...)
	if err != nil {
		return postgresError(ctx, err)
	}
	defer rows.Close()
	rec := Record{TradingDay: s.day}
	for rows.Next() {
		if err := decodeLine(rows.RawValues(), &rec); err != nil {
			cancel()
			return err
		}
		if err := f(&rec); err != nil {
			cancel()
			return err
		}
	}
	return postgresError(ctx, rows.Err())
}

func (s *postgresSnapshot) checkAhead(ctx context.Context, position Position) error {
	var ahead bool
	err := s.conn.QueryRow(ctx, "SELECT txid_snapshot_xmax($1::text::txid_snapshot) > txid_snapshot_xmax(txid_current_snapshot())",
		string(position)).Scan(&ahead)
	if err != nil {
		return postgresError(ctx, err)
	}
	if ahead {
		return &AheadError{Day: s.day}
	}
	return nil
}

// lineWidths are the widths of lineColumns in bytes, 0 for those of any length.
var lineWidths = [...]int{16, 8, 0, 0, 0, 0, 2, 1}

// decodeLine reads lineColumns in binary format, without copying the ciphertexts.
func decodeLine(v [][]byte, rec *Record) error {
	if len(v) != len(lineWidths) {
		return fmt.Errorf("store: PostgreSQL sent %d columns, want %d", len(v), len(lineWidths))
	}
	for i, w := range lineWidths {
		if w != 0 && len(v[i]) != w {
			return fmt.Errorf("store: PostgreSQL sent %d bytes for column %d of a report, want %d", len(v[i]), i, w)
		}
	}
	var err error
	rec.ID = uuid.UUID(v[0])
	rec.LoginTime = instant(int64(binary.BigEndian.Uint64(v[1])))
	rec.VendorID, rec.KeyVersion = same(rec.VendorID, v[2]), same(rec.KeyVersion, v[3])
	rec.Terminal, rec.Supplement = v[4], v[5]
	rec.Flag, err = code[regulation.AbnormalFlag](int16(binary.BigEndian.Uint16(v[6])))
	rec.Provisional = v[7][0] != 0
	return err
}

// State counts the records of a day; which of them are late is asked only with a position.
func (p *Postgres) State(ctx context.Context, day calendar.TradingDay, position Position) (s DayState, err error) {
	query, args := "SELECT count(*), count(*) FILTER (WHERE provisional), 0, false FROM record WHERE trading_day = $1", []any{int32(day)}
	if position != "" {
		query = "SELECT count(*), count(*) FILTER (WHERE provisional), count(*) FILTER (WHERE " + afterPosition + "), " +
			"txid_snapshot_xmax($2::text::txid_snapshot) > txid_snapshot_xmax(txid_current_snapshot()) FROM record WHERE trading_day = $1"
		args = append(args, string(position))
	}
	var ahead bool
	if err := p.pool.QueryRow(ctx, query, args...).Scan(&s.Records, &s.Provisional, &s.Late, &ahead); err != nil {
		return DayState{}, postgresError(ctx, err)
	}
	if ahead {
		return DayState{}, &AheadError{Day: day}
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
// or supplement export.
func (p *Postgres) Left(ctx context.Context) ([]calendar.TradingDay, error) {
	rows, err := p.pool.Query(ctx, `SELECT day FROM
		(SELECT DISTINCT ON (day) day, position FROM report_export WHERE kind <> 'partial' ORDER BY day, number DESC) e
		JOIN reassigned_from f USING (day)
		WHERE NOT txid_visible_in_snapshot(f.arrival, e.position::txid_snapshot) ORDER BY day`)
	if err != nil {
		return nil, postgresError(ctx, err)
	}
	days, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (day calendar.TradingDay, err error) {
		err = row.Scan((*int32)(&day))
		return day, err
	})
	return days, postgresError(ctx, err)
}

// Late counts the records of exported days that no full or supplement export holds; days
// without any are left out. It is cheap enough to be asked every minute.
func (p *Postgres) Late(ctx context.Context) ([]DayCount, error) {
	rows, err := p.pool.Query(ctx, lateSQL)
	if err != nil {
		return nil, postgresError(ctx, err)
	}
	defer rows.Close()
	var days []DayCount
	for rows.Next() {
		var d DayCount
		var ahead bool
		if err := rows.Scan((*int32)(&d.Day), &d.Records, &ahead); err != nil {
			return nil, postgresError(ctx, err)
		}
		if ahead {
			return nil, &AheadError{Day: d.Day}
		}
		if d.Records > 0 {
			days = append(days, d)
		}
	}
	return days, postgresError(ctx, rows.Err())
}
