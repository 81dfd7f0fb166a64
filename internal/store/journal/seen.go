package journal

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// forgetRows is how many rows ForgetSeen removes in one transaction: logins wait for it.
const forgetRows = 4096

// SeenTerminals calls f for each ciphertext that is kept for that day or a later one, with the visit that brought
// it, in the order of commits; one may come twice. f ends it by returning false.
func (l *Journal) SeenTerminals(ctx context.Context, from calendar.TradingDay,
	f func(calendar.TradingDay, store.SeenHash, store.VisitHash) bool,
) error {
	rows, err := l.db.QueryContext(ctx, "SELECT trading_day, hash, visit FROM seen_terminal WHERE trading_day >= ? ORDER BY id", int64(from))
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			day         int64
			hash, bytes sql.RawBytes
			seen        store.SeenHash
			visit       store.VisitHash
		)
		if err := rows.Scan(&day, &hash, &bytes); err != nil {
			return localfile.Explain(ctx, err)
		}
		copy(seen[:], hash)
		copy(visit[:], bytes)
		if !f(calendar.TradingDay(day), seen, visit) {
			return nil
		}
	}
	return localfile.Explain(ctx, rows.Err())
}

// ForgetSeen removes what is kept for the days before that one, some rows at a time: logins go on
// meanwhile. A crash leaves the rest to the next call.
func (l *Journal) ForgetSeen(ctx context.Context, before calendar.TradingDay) (rows int64, err error) {
	for {
		// A reader finds them, so that the writer's transaction is short.
		var last sql.NullInt64
		err := l.db.QueryRowContext(ctx, "SELECT max(id) FROM (SELECT id FROM seen_terminal WHERE trading_day < ? ORDER BY id LIMIT ?)",
			int64(before), forgetRows).Scan(&last)
		if err != nil || !last.Valid {
			return rows, localfile.Explain(ctx, err)
		}
		n, err := l.forgetThrough(last.Int64, before)
		if err != nil {
			return rows, err
		}
		rows += n
	}
}

func (l *Journal) forgetThrough(last int64, before calendar.TradingDay) (rows int64, err error) {
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		result, err := conn.ExecContext(ctx, "DELETE FROM seen_terminal WHERE id <= ? AND trading_day < ?", last, int64(before))
		if err != nil {
			return err
		}
		rows, err = result.RowsAffected()
		return err
	}})
	return rows, err
}
