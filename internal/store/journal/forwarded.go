package journal

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// forwardedDays is the number of trading days whose forwarded records a front reports.
const forwardedDays = 40

// removeForwarded removes rows that PostgreSQL has, and counts them by their day. It counts the rows
// that it removed: one that went before, in a commit that seemed to fail, is not counted again. A submission
// counts once, however often it was appended again after it had left, and not at all if another front brought it first:
// then its seq is among others. So the fronts' numbers together never exceed what PostgreSQL has.
func removeForwarded(ctx context.Context, conn *sql.Conn, seqs string, others []int64) error {
	removed, submissions, err := removedDays(ctx, conn, seqs)
	if err != nil {
		return err
	}
	for i := range submissions {
		if s := &submissions[i]; !slices.Contains(others, s.seq) {
			first, err := s.note(ctx, conn)
			if err != nil {
				return err
			}
			removed[s.day] += first
		}
	}
	if len(submissions) > 0 {
		if err := forgetSubmissions(ctx, conn, submissions); err != nil {
			return err
		}
	}
	for day, n := range removed {
		if n == 0 {
			continue
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO forwarded (day, records) VALUES (?, ?) ON CONFLICT (day) DO UPDATE
			SET records = CASE WHEN records < 0 THEN records ELSE records + excluded.records END`, day, n); err != nil {
			return err
		}
	}
	return nil
}

// submission is a row with a RecordID that may come again.
type submission struct {
	seq, day int64
	id       []byte
}

// removedDays removes the rows, and counts those of each day that are no submissions. A submission's day is there with its
// number too, 0 so far.
func removedDays(ctx context.Context, conn *sql.Conn, seqs string) (removed map[int64]int64, submissions []submission, err error) {
	rows, err := conn.QueryContext(ctx, `DELETE FROM record WHERE seq IN (SELECT value FROM json_each(?)) RETURNING seq, trading_day,
		CASE WHEN substr(record_id, 7, 1) BETWEEN x'80' AND x'8f' THEN record_id END`, seqs) // of version 8
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	removed = make(map[int64]int64)
	for rows.Next() {
		var s submission
		if err := rows.Scan(&s.seq, &s.day, &s.id); err != nil {
			return nil, nil, err
		}
		if s.id != nil {
			submissions = append(submissions, s)
			continue
		}
		removed[s.day]++
	}
	return removed, submissions, rows.Err()
}

// note remembers that the submission was counted; 0 if it was counted before.
func (s *submission) note(ctx context.Context, conn *sql.Conn) (first int64, err error) {
	result, err := conn.ExecContext(ctx, "INSERT INTO forwarded_submission (record_id, trading_day) VALUES (?, ?) ON CONFLICT DO NOTHING", s.id, s.day)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// forgetSubmissions forgets those that cannot come again: a front has refused their SubmitIDs for long, and what
// still waits here was accepted later than that.
func forgetSubmissions(ctx context.Context, conn *sql.Conn, newest []submission) error {
	last := newest[0].id
	for i := range newest {
		if bytes.Compare(newest[i].id, last) > 0 {
			last = newest[i].id
		}
	}
	now := time.UnixMilli(int64(binary.BigEndian.Uint64(last) >> 16))
	var oldest sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT (SELECT login_time FROM record ORDER BY seq LIMIT 1)").Scan(&oldest); err != nil {
		return err
	}
	if waits := time.Unix(oldest.Int64, 0); oldest.Valid && waits.Before(now) {
		now = waits
	}
	before := sqlrows.IDOf(now.Add(-store.MaxSubmitIDAge - store.MaxSubmitIDAhead))
	_, err := conn.ExecContext(ctx, "DELETE FROM forwarded_submission WHERE record_id < ?", before[:])
	return err
}

// DoubtForwarded notes that records of a day came from another file, and may have been forwarded before.
func DoubtForwarded(ctx context.Context, conn *sql.Conn, day calendar.TradingDay) error {
	_, err := conn.ExecContext(ctx, "INSERT INTO forwarded (day, records) VALUES (?, -1) ON CONFLICT (day) DO UPDATE SET records = -1", int64(day))
	return err
}

// ForwardedOf is how many different records of the last days went from this file to PostgreSQL; days of which
// that is not known are left out. Records that went before a file counted them are not in it.
func (l *Journal) ForwardedOf(ctx context.Context) (map[calendar.TradingDay]int64, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT day, records FROM (SELECT day, records FROM forwarded ORDER BY day DESC LIMIT ?) WHERE records > 0", forwardedDays)
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	all := make(map[calendar.TradingDay]int64)
	for rows.Next() {
		var day calendar.TradingDay
		var n int64
		if err := rows.Scan(&day, &n); err != nil {
			return nil, localfile.Explain(ctx, err)
		}
		all[day] = n
	}
	return all, localfile.Explain(ctx, rows.Err())
}
