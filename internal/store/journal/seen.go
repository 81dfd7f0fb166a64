package journal

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// forgetRows is how many rows ForgetSeen removes in one transaction, each with the hashes of a commit, MaxCommitRows at most: logins
// wait for it.
const forgetRows = 512

// SeenTerminals calls f for each ciphertext that is kept for that day or a later one, with the visit that brought
// it, in the order of commits; one may come twice. f ends it by returning false.
func (l *Journal) SeenTerminals(ctx context.Context, from calendar.TradingDay,
	f func(calendar.TradingDay, store.SeenHash, store.VisitHash) bool,
) error {
	rows, err := l.db.QueryContext(ctx, "SELECT trading_day, hashes, visits FROM seen_terminals WHERE trading_day >= ? ORDER BY id", int64(from))
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			day            int64
			hashes, visits sql.RawBytes
		)
		if err := rows.Scan(&day, &hashes, &visits); err != nil {
			return localfile.Explain(ctx, err)
		}
		if !eachSeen(hashes, visits, func(seen store.SeenHash, visit store.VisitHash) bool { return f(calendar.TradingDay(day), seen, visit) }) {
			return nil
		}
	}
	return localfile.Explain(ctx, rows.Err())
}

// eachSeen calls f for each hash of a row, with its visit, and returns false once f does.
func eachSeen(hashes, visits []byte, f func(store.SeenHash, store.VisitHash) bool) bool {
	var (
		seen  store.SeenHash
		visit store.VisitHash
	)
	for len(hashes) >= len(seen) {
		hashes = hashes[copy(seen[:], hashes):]
		visits = visits[copy(visit[:], visits):] // none: zero
		if !f(seen, visit) {
			return false
		}
	}
	return true
}

// ForgetSeen removes what is kept for the days before that one, and says how many hashes that was, some rows at a time: logins go on
// meanwhile. A crash leaves the rest to the next call.
func (l *Journal) ForgetSeen(ctx context.Context, before calendar.TradingDay) (forgotten int64, err error) {
	for {
		// A reader finds them, so that the writer's transaction is short.
		var last, hashes sql.NullInt64
		err := l.db.QueryRowContext(ctx, "SELECT max(id), sum(size) / ? FROM "+
			"(SELECT id, length(hashes) AS size FROM seen_terminals WHERE trading_day < ? ORDER BY id LIMIT ?)",
			len(store.SeenHash{}), int64(before), forgetRows).Scan(&last, &hashes)
		if err != nil || !last.Valid {
			return forgotten, localfile.Explain(ctx, err)
		}
		if err := l.forgetThrough(last.Int64, before); err != nil {
			return forgotten, err
		}
		forgotten += hashes.Int64
	}
}

func (l *Journal) forgetThrough(last int64, before calendar.TradingDay) error {
	return l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "DELETE FROM seen_terminals WHERE id <= ? AND trading_day < ?", last, int64(before))
		return err
	}})
}
