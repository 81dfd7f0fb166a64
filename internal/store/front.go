package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
)

// AliveFor is how long after its last word a front counts as running: three of its words
// may be lost.
const AliveFor = 20 * time.Second

// Held is what a front holds of one trading day.
type Held struct {
	Pending     int64 `json:"pending"`     // records that PostgreSQL does not have yet
	Quarantined int64 `json:"quarantined"` // records that PostgreSQL refused for their data
}

// FrontReport is what a front says of itself.
type FrontReport struct {
	FrontID   int32
	StoreID   uuid.UUID // of its local store
	Life      uuid.UUID // of its local store: drawn at each start, see Life
	Number    int64     // of this report within the life
	Process   uuid.UUID // drawn at each start
	Host      string
	Version   string
	Started   time.Time
	Counted   time.Time // by the front's clock, taken before it counted
	Stopped   bool      // it takes no logins until it starts again
	Held      map[calendar.TradingDay]Held
	Oldest    time.Time // login time of the oldest record that waits; zero without one
	SetAside  int       // damaged local stores that were set aside and not recovered
	Forwarded int64     // records brought to PostgreSQL since it started
	// ForwardedOf is how many different records of a day its local store brought, as far as it is known.
	ForwardedOf map[calendar.TradingDay]int64

	// ClockOffset is how far the front's clock is before PostgreSQL's, give or take ClockError.
	// ReportFront measures it.
	ClockOffset, ClockError time.Duration

	Continues map[uuid.UUID]int64 // of its Life; not kept by PostgreSQL
}

// Front is a front as PostgreSQL knows it.
type Front struct {
	FrontReport
	Seen    time.Time     // its last word, by PostgreSQL's clock
	Ago     time.Duration // since then, by the same clock
	Retired time.Time     // when an operator said that it is gone for good; zero if not
	// OtherLife says that the store was heard of since in a life that does not continue this one: a
	// backup or a snapshot was put back, or a copy runs. What this life held is elsewhere, or gone.
	OtherLife bool
}

// Alive reports whether the front runs, as far as PostgreSQL can know.
func (f *Front) Alive() bool { return !f.Stopped && f.Retired.IsZero() && f.Ago < AliveFor }

// ClockDiffers is by how much the front's clock and PostgreSQL's differ at least, whatever the
// way of the question and of the answer took.
func (r *FrontReport) ClockDiffers() time.Duration { return max(0, r.ClockOffset.Abs()-r.ClockError) }

// Records is how many records the front holds, of all days.
func (r *FrontReport) Records() (n int64) {
	for _, h := range r.Held {
		n += h.Pending + h.Quarantined
	}
	return n
}

const (
	frontColumns = "front_id, store_id, life, number, process, machine, version, started, counted, stopped, held, oldest, " +
		"set_aside, forwarded, clock_offset, clock_error"
	// postgresNow is PostgreSQL's clock, and not the transaction's beginning.
	postgresNow = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
)

const insertFrontSQL = "INSERT INTO front (" + frontColumns + ", seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, " +
	postgresNow + ") ON CONFLICT DO NOTHING"

// continueFrontSQL takes the row of the life $17 that made $18 reports, if it is still so. A front
// that was retired and reports is there after all.
const continueFrontSQL = "UPDATE front SET (" + frontColumns + ", seen, retired) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, " +
	postgresNow + ", 0) WHERE front_id = $1 AND store_id = $2 AND life = $17 AND number = $18"

// reportAttempts is how often a report looks for its row, if another process changes it meanwhile.
const reportAttempts = 3

// ReportFront notes what a front says of itself, and returns what was known before of the
// fronts with its FrontID or its store: another process among them that is alive is a twin.
// The report takes the row of the life that it continues, or begins one. It is a
// transaction like a batch's: nil means that it is durable, also on a synchronous standby.
// ErrLifeTaken: nothing was noted. now is the clock that is compared with PostgreSQL's.
func (p *Postgres) ReportFront(ctx context.Context, r *FrontReport, now func() time.Time) (before []Front, err error) {
	if err := p.RequireSchema(ctx); err != nil {
		return nil, err
	}
	err = p.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := compareClocks(ctx, tx, r, now); err != nil {
			return err
		}
		for range reportAttempts {
			if before, err = frontsBeside(ctx, tx, r); err != nil {
				return err
			}
			if done, err := writeReport(ctx, tx, r, before); done || err != nil {
				return err
			}
		}
		return errors.New("another process reports as the same front at this moment")
	})
	if errors.Is(err, ErrLifeTaken) {
		err = ErrLifeTaken
	}
	return before, err
}

// compareClocks asks PostgreSQL's clock between two looks at ours.
func compareClocks(ctx context.Context, tx pgx.Tx, r *FrontReport, now func() time.Time) error {
	var theirs int64
	before := now()
	if err := tx.QueryRow(ctx, "SELECT "+postgresNow).Scan(&theirs); err != nil {
		return err
	}
	r.ClockError = now().Sub(before) / 2
	r.ClockOffset = before.Add(r.ClockError).Sub(fromMicros(theirs)).Truncate(time.Microsecond)
	return nil
}

func frontsBeside(ctx context.Context, tx pgx.Tx, r *FrontReport) ([]Front, error) {
	rows, err := tx.Query(ctx, selectFronts+" WHERE front_id = $1 OR store_id = $2 ORDER BY seen", r.FrontID, [16]byte(r.StoreID))
	if err != nil {
		return nil, err
	}
	fronts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Front, error) { return scanFront(row) })
	markOtherLives(fronts)
	return fronts, err
}

// writeReport puts the report into the row that it continues, the last heard of if there are several, or into a new
// one. It is not done if another process was faster.
func writeReport(ctx context.Context, tx pgx.Tx, r *FrontReport, before []Front) (done bool, err error) {
	held, err := json.Marshal(joinForwarded(r.Held, r.ForwardedOf))
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	args := []any{
		r.FrontID, [16]byte(r.StoreID), [16]byte(r.Life), r.Number, [16]byte(r.Process), r.Host, r.Version, micros(r.Started),
		micros(r.Counted), r.Stopped, string(held), micros(r.Oldest), r.SetAside, r.Forwarded,
		r.ClockOffset.Microseconds(), r.ClockError.Microseconds(),
	}
	query := insertFrontSQL
	for i := len(before) - 1; i >= 0; i-- {
		f := &before[i]
		if f.FrontID != r.FrontID || f.StoreID != r.StoreID {
			continue
		}
		if f.Life == r.Life && f.Number >= r.Number {
			return false, ErrLifeTaken
		}
		if continues(r, f) && query == insertFrontSQL {
			query, args = continueFrontSQL, append(args, [16]byte(f.Life), f.Number)
		}
	}
	tag, err := tx.Exec(ctx, query, args...)
	return err == nil && tag.RowsAffected() == 1, err
}

const selectFronts = "SELECT " + frontColumns + ", seen, " + postgresNow + " - seen, retired FROM front"

func scanFront(row scanner) (f Front, err error) {
	var started, counted, oldest, seen, ago, retired, offset, clockError int64
	var held string
	if err := row.Scan(&f.FrontID, &f.StoreID, &f.Life, &f.Number, &f.Process, &f.Host, &f.Version, &started, &counted, &f.Stopped, &held, &oldest,
		&f.SetAside, &f.Forwarded, &offset, &clockError, &seen, &ago, &retired); err != nil {
		return Front{}, err
	}
	var all map[calendar.TradingDay]reported
	if err := json.Unmarshal([]byte(held), &all); err != nil {
		return Front{}, fmt.Errorf("store: what front %d holds: %w", f.FrontID, err)
	}
	f.Held, f.ForwardedOf = splitForwarded(all)
	f.Started, f.Counted, f.Oldest = fromMicros(started), fromMicros(counted), fromMicros(oldest)
	f.ClockOffset, f.ClockError = time.Duration(offset)*time.Microsecond, time.Duration(clockError)*time.Microsecond
	f.Seen, f.Retired, f.Ago = fromMicros(seen), fromMicros(retired), time.Duration(ago)*time.Microsecond
	return f, nil
}

// Fronts lists all fronts that ever spoke, the retired ones too, in the order of their IDs.
func (p *Postgres) Fronts(ctx context.Context) ([]Front, error) {
	rows, err := p.pool.Query(ctx, selectFronts+" ORDER BY front_id, started, seen")
	if err != nil {
		return nil, postgresError(ctx, err)
	}
	fronts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Front, error) { return scanFront(row) })
	markOtherLives(fronts)
	return fronts, postgresError(ctx, err)
}

// RecordFronts are the FrontIDs that the records of a day name.
func (p *Postgres) RecordFronts(ctx context.Context, day calendar.TradingDay) ([]int32, error) {
	rows, err := p.pool.Query(ctx, "SELECT DISTINCT front_id FROM record WHERE trading_day = $1 ORDER BY front_id", int32(day))
	if err != nil {
		return nil, postgresError(ctx, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	return ids, postgresError(ctx, err)
}

// RetireFront notes that a front's local store is gone for good, unless the front has
// spoken since f was read: then it is ErrNotFound.
func (p *Postgres) RetireFront(ctx context.Context, f *Front) error {
	tag, err := p.pool.Exec(ctx, "UPDATE front SET retired = "+postgresNow+" WHERE front_id = $1 AND store_id = $2 AND life = $3 AND seen = $4",
		f.FrontID, [16]byte(f.StoreID), [16]byte(f.Life), micros(f.Seen))
	if err != nil {
		return postgresError(ctx, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}

// StoreID is who this local store is to PostgreSQL: drawn when it is first asked for. A store
// that takes the place of a damaged one adopts it.
func (l *Local) StoreID(ctx context.Context) (id uuid.UUID, err error) {
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

// Held counts what the local store of a front holds, by trading day, and the login time
// of the oldest record that waits; all of one moment.
func (l *Local) Held(ctx context.Context) (held map[calendar.TradingDay]Held, oldest time.Time, err error) {
	rows, err := l.db.QueryContext(ctx, `SELECT trading_day, sum(pending), sum(quarantined),
			(SELECT login_time FROM record ORDER BY seq LIMIT 1) FROM
			(SELECT trading_day, count(*) AS pending, 0 AS quarantined FROM record GROUP BY trading_day
			UNION ALL SELECT trading_day, 0, count(*) FROM quarantine GROUP BY trading_day)
		GROUP BY trading_day`)
	if err != nil {
		return nil, time.Time{}, readError(ctx, err)
	}
	defer rows.Close()
	held = make(map[calendar.TradingDay]Held)
	for rows.Next() {
		var day calendar.TradingDay
		var h Held
		var seconds sql.NullInt64
		if err := rows.Scan(&day, &h.Pending, &h.Quarantined, &seconds); err != nil {
			return nil, time.Time{}, readError(ctx, err)
		}
		held[day] = h
		if seconds.Valid {
			oldest = instant(seconds.Int64)
		}
	}
	return held, oldest, readError(ctx, rows.Err())
}
