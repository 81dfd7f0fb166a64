package journal

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// forwardedDays is the number of trading days whose forwarded records a front reports.
const forwardedDays = 40

// removeForwarded removes rows that PostgreSQL has, and counts them by their day. It counts the rows
// that it removed: one that went before, in a commit that seemed to fail, is not counted again.
func removeForwarded(ctx context.Context, conn *sql.Conn, seqs string) error {
	removed, err := removedDays(ctx, conn, seqs)
	if err != nil {
		return err
	}
	for day, n := range removed {
		if _, err := conn.ExecContext(ctx, `INSERT INTO forwarded (day, records) VALUES (?, ?) ON CONFLICT (day) DO UPDATE
			SET records = CASE WHEN records < 0 THEN records ELSE records + excluded.records END`, day, n); err != nil {
			return err
		}
	}
	return nil
}

func removedDays(ctx context.Context, conn *sql.Conn, seqs string) (map[int64]int64, error) {
	rows, err := conn.QueryContext(ctx, "DELETE FROM record WHERE seq IN (SELECT value FROM json_each(?)) RETURNING trading_day", seqs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	removed := make(map[int64]int64)
	for rows.Next() {
		var day int64
		if err := rows.Scan(&day); err != nil {
			return nil, err
		}
		removed[day]++
	}
	return removed, rows.Err()
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
