package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// snapshot is a read transaction of SQLite: its first read fixes what it sees.
type snapshot struct {
	conn     *sql.Conn
	local    *Journal
	day      calendar.TradingDay
	position store.Position
}

// Snapshot begins to read the records of a day. While it is open the WAL cannot be folded, and grows.
func (l *Journal) Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	// By hand: transactions of the pool begin as writers (_txlock).
	if _, err := conn.ExecContext(ctx, "BEGIN DEFERRED"); err != nil {
		return nil, errors.Join(localfile.Explain(ctx, err), conn.Close())
	}
	s := &snapshot{conn: conn, local: l, day: day}
	seq, err := MaxSeq(ctx, conn)
	if err != nil {
		return nil, errors.Join(localfile.Explain(ctx, err), s.Close())
	}
	s.position = store.Position(strconv.FormatInt(seq, 10))
	return s, nil
}

func (s *snapshot) Position() store.Position { return s.position }

// Close ends the transaction, also after a cancelled scan, and gives the connection back.
func (s *snapshot) Close() error {
	_, err := s.conn.ExecContext(context.Background(), "ROLLBACK")
	return errors.Join(err, s.conn.Close())
}

// localLinesSQL walks along the index on (trading_day, record_id). The plus keeps SQLite from
// using seq to find rows: it would have to sort them, a whole day in memory.
const localLinesSQL = "SELECT " + sqlrows.LineColumns + " FROM record WHERE trading_day = ? AND +seq > ? ORDER BY record_id"

func (s *snapshot) Scan(ctx context.Context, after store.Position, f func(*store.Record) error) error {
	seq, err := seqOf(after)
	if err != nil {
		return err
	}
	rows, err := s.conn.QueryContext(ctx, localLinesSQL, int64(s.day), seq)
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var (
		rec     = store.Record{TradingDay: s.day}
		id      sql.RawBytes // valid until the next row, as the ciphertexts are
		seconds int64
		flag    int16
	)
	return s.local.each(ctx, rows, func() (err error) {
		if err := rows.Scan(&id, &seconds, &rec.VendorID, &rec.KeyVersion, (*sql.RawBytes)(&rec.Terminal),
			(*sql.RawBytes)(&rec.Supplement), &flag, &rec.Provisional); err != nil {
			return localfile.Explain(ctx, err)
		}
		if rec.ID, err = uuid.FromBytes(id); err != nil {
			return err
		}
		if rec.Flag, err = sqlrows.Code[regulation.AbnormalFlag](flag); err != nil {
			return err
		}
		rec.LoginTime = sqlrows.Instant(seconds)
		return f(&rec)
	})
}

// State counts the records of a day; which of them are late is asked only with a position.
func (l *Journal) State(ctx context.Context, day calendar.TradingDay, position store.Position) (s store.DayState, err error) {
	seq, err := seqOf(position)
	if err != nil {
		return store.DayState{}, err
	}
	err = l.db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(provisional), 0),
		CASE WHEN ?1 THEN (SELECT count(*) FROM record WHERE trading_day = ?2 AND seq > ?3) ELSE 0 END
		FROM record WHERE trading_day = ?2`, position != "", int64(day), seq).
		Scan(&s.Records, &s.Provisional, &s.Late)
	return s, localfile.Explain(ctx, err)
}

// Late counts the records of exported days that no full or supplement export holds; days
// without any are left out. SQLite takes position from the row that has the max.
func (l *Journal) Late(ctx context.Context) ([]store.DayCount, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT day, n FROM (
		SELECT e.day AS day, (SELECT count(*) FROM record r WHERE r.trading_day = e.day AND r.seq > e.position) AS n
		FROM (SELECT day, max(number), position FROM report_export WHERE kind <> 'partial' GROUP BY day) e)
		WHERE n > 0 ORDER BY day`)
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var days []store.DayCount
	for rows.Next() {
		var d store.DayCount
		if err := rows.Scan(&d.Day, &d.Records); err != nil {
			return nil, localfile.Explain(ctx, err)
		}
		days = append(days, d)
	}
	return days, localfile.Explain(ctx, rows.Err())
}

// Left lists the exported days that records were moved away from since their last full
// export: a supplement after it takes no line away.
func (l *Journal) Left(ctx context.Context) ([]calendar.TradingDay, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT e.day
		FROM (SELECT day, max(number), position FROM report_export WHERE kind = 'full' GROUP BY day) e
		JOIN reassigned_from f ON f.day = e.day WHERE f.arrival > e.position ORDER BY e.day`)
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var days []calendar.TradingDay
	for rows.Next() {
		var day calendar.TradingDay
		if err := rows.Scan(&day); err != nil {
			return nil, localfile.Explain(ctx, err)
		}
		days = append(days, day)
	}
	return days, localfile.Explain(ctx, rows.Err())
}

// seqOf is the seq of a local store's position.
func seqOf(p store.Position) (int64, error) {
	if p == "" {
		return 0, nil
	}
	seq, err := strconv.ParseInt(string(p), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("store: position %.40q is not one of a local store", p)
	}
	return seq, nil
}
