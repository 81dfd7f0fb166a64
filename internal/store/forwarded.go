package store

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// forwardedDays is of how many trading days a front reports how many records it forwarded.
const forwardedDays = 40

// removeForwarded removes rows that PostgreSQL has, and counts them by their day. A row that was
// removed before, in a commit that seemed to fail, is not there to be counted again.
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

// doubtForwarded notes that records of a day came from another file, and may have been forwarded before.
func doubtForwarded(ctx context.Context, conn *sql.Conn, day calendar.TradingDay) error {
	_, err := conn.ExecContext(ctx, "INSERT INTO forwarded (day, records) VALUES (?, -1) ON CONFLICT (day) DO UPDATE SET records = -1", int64(day))
	return err
}

// ForwardedOf is how many different records of the last days went from this file to PostgreSQL; days of which
// that is not known are left out. Records that went before a file counted them are not in it.
func (l *Local) ForwardedOf(ctx context.Context) (map[calendar.TradingDay]int64, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT day, records FROM (SELECT day, records FROM forwarded ORDER BY day DESC LIMIT ?) WHERE records > 0", forwardedDays)
	if err != nil {
		return nil, readError(ctx, err)
	}
	defer rows.Close()
	all := make(map[calendar.TradingDay]int64)
	for rows.Next() {
		var day calendar.TradingDay
		var n int64
		if err := rows.Scan(&day, &n); err != nil {
			return nil, readError(ctx, err)
		}
		all[day] = n
	}
	return all, readError(ctx, rows.Err())
}

// ForwardedAtLeast is how many different records of a day the fronts brought to PostgreSQL, at
// least. Lives of one store, and stores of one front, may have brought the same ones: a copy that was put
// back sends them again. So the largest of them counts, and what is not known counts nothing.
func ForwardedAtLeast(fronts []Front, day calendar.TradingDay) (n int64) {
	for _, most := range mostOf(fronts, day) {
		n += most
	}
	return n
}

// mostOf is the largest number among fronts that have to do with one another: by FrontID, or by store.
func mostOf(fronts []Front, day calendar.TradingDay) map[int]int64 {
	group := make([]int, len(fronts)) // the least index of a front that it has to do with
	byID, byStore := make(map[int32]int), make(map[uuid.UUID]int)
	join := func(a, b int) {
		for i := range group {
			if group[i] == b {
				group[i] = a
			}
		}
	}
	for i := range fronts {
		group[i] = i
		if j, there := byID[fronts[i].FrontID]; there {
			join(group[j], group[i])
		}
		if j, there := byStore[fronts[i].StoreID]; there {
			join(group[j], group[i])
		}
		byID[fronts[i].FrontID], byStore[fronts[i].StoreID] = i, i
	}
	most := make(map[int]int64)
	for i := range fronts {
		most[group[i]] = max(most[group[i]], fronts[i].ForwardedOf[day])
	}
	return most
}

// reported is what PostgreSQL keeps of a day, as JSON.
type reported struct {
	Held
	Forwarded int64 `json:"forwarded,omitempty"`
}

// joinForwarded puts both into what is reported. A version before this one ignores what was forwarded.
func joinForwarded(held map[calendar.TradingDay]Held, forwarded map[calendar.TradingDay]int64) map[calendar.TradingDay]reported {
	all := make(map[calendar.TradingDay]reported)
	for day, h := range held {
		all[day] = reported{Held: h}
	}
	for day, n := range forwarded {
		r := all[day]
		r.Forwarded = n
		all[day] = r
	}
	return all
}

// splitForwarded is the inverse of joinForwarded.
func splitForwarded(all map[calendar.TradingDay]reported) (held map[calendar.TradingDay]Held, forwarded map[calendar.TradingDay]int64) {
	held, forwarded = make(map[calendar.TradingDay]Held), make(map[calendar.TradingDay]int64)
	for day, r := range all {
		if r.Forwarded > 0 {
			forwarded[day] = r.Forwarded
		}
		if r.Held != (Held{}) || r.Forwarded == 0 {
			held[day] = r.Held
		}
	}
	return held, forwarded
}
