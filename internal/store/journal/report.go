package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// StoreID identifies this local store in PostgreSQL and in manifests. It is drawn at the first call. A store that takes
// the place of a damaged one adopts the damaged one's.
func (l *Journal) StoreID(ctx context.Context) (id uuid.UUID, err error) {
	if err := ctx.Err(); err != nil {
		return id, err
	}
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		var b []byte
		if err := conn.QueryRowContext(ctx, `INSERT INTO identity (only_row, store_id) VALUES (1, randomblob(16))
			ON CONFLICT (only_row) DO UPDATE SET store_id = store_id RETURNING store_id`).Scan(&b); err != nil {
			return err
		}
		id, err = uuid.FromBytes(b)
		return err
	}})
	return id, err
}

// Identity tells the store from others, in the manifests of reports of the embedded driver.
func (l *Journal) Identity(ctx context.Context) (string, error) {
	id, err := l.StoreID(ctx)
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

// Held counts what the local store of a front holds, by trading day, and the login time
// of the oldest record that waits; all of one moment.
func (l *Journal) Held(ctx context.Context) (held map[calendar.TradingDay]store.Held, oldest time.Time, err error) {
	rows, err := l.db.QueryContext(ctx, `SELECT trading_day, sum(pending), sum(quarantined),
			(SELECT login_time FROM record ORDER BY seq LIMIT 1) FROM
			(SELECT trading_day, count(*) AS pending, 0 AS quarantined FROM record GROUP BY trading_day
			UNION ALL SELECT trading_day, 0, count(*) FROM quarantine GROUP BY trading_day)
		GROUP BY trading_day`)
	if err != nil {
		return nil, time.Time{}, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	held = make(map[calendar.TradingDay]store.Held)
	for rows.Next() {
		var day calendar.TradingDay
		var h store.Held
		var seconds sql.NullInt64
		if err := rows.Scan(&day, &h.Pending, &h.Quarantined, &seconds); err != nil {
			return nil, time.Time{}, localfile.Explain(ctx, err)
		}
		held[day] = h
		if seconds.Valid {
			oldest = sqlrows.Instant(seconds.Int64)
		}
	}
	return held, oldest, localfile.Explain(ctx, rows.Err())
}
