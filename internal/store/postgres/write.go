package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// columnNames are sqlrows.Columns, for COPY.
var columnNames = strings.Split(sqlrows.Columns, ", ")

// CopyIn makes recs durable in one transaction by COPY, all or none. It is for records
// that were never sent before: one that is there already fails the batch.
//
// The errors of CopyIn and Put are of these kinds. A *RefusedError: nothing was
// recorded, and never will be with these data. A *DayError or a *DroppedError: nothing was
// recorded, and records of other days, or others of the batch, may be taken. An
// *InDoubtError: the fate of the batch is not known; send it again by Put. Any other:
// nothing was recorded, try again later.
func (p *Store) CopyIn(ctx context.Context, recs []store.Record) error {
	return p.write(ctx, recs, func(ctx context.Context, tx pgx.Tx) error {
		stored, err := tx.CopyFrom(ctx, pgx.Identifier{"record"}, columnNames, &copySource{recs: recs})
		if err == nil && stored != int64(len(recs)) {
			err = &store.DroppedError{Sent: len(recs), Dropped: len(recs) - int(stored)}
		}
		return err
	})
}

// upsertSQL writes also where a record is there already, without changing it: a COMMIT
// that wrote nothing would not wait for the synchronous standby, and so would not tell
// whether the record, sent by an earlier batch in doubt, is durable. So it returns every
// record that it was given, unless something in PostgreSQL drops one.
const upsertSQL = "INSERT INTO record (" + sqlrows.Columns + `)
	SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bytea[],
		$8::smallint[], $9::text[], $10::text[], $11::smallint[], $12::integer[], $13::integer[], $14::boolean[],
		$15::text[], $16::smallint[], $17::bigint[], $18::bigint[], $19::bytea[])
	ON CONFLICT (record_id, trading_day) DO UPDATE SET front_id = record.front_id RETURNING record_id, trading_day`

// Put makes recs durable in one transaction, all or none; a record that is there already
// is left as it is. For its errors see CopyIn.
func (p *Store) Put(ctx context.Context, recs []store.Record) error {
	keys, args := upsertArgs(recs)
	return p.write(ctx, recs, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, upsertSQL, args...)
		if err != nil {
			return err
		}
		stored := make(map[rowKey]bool, len(recs))
		var k rowKey
		if _, err := pgx.ForEachRow(rows, []any{&k.id, &k.day}, func() error { stored[k] = true; return nil }); err != nil {
			return err
		}
		return dropped(keys, stored)
	})
}

// write runs f in a transaction in which every day of recs has its partition. If a
// partition that was known is missing, an operator dropped it; then it is made again.
func (p *Store) write(ctx context.Context, recs []store.Record, f func(context.Context, pgx.Tx) error) error {
	if len(recs) == 0 {
		return ctx.Err()
	}
	if err := p.RequireSchema(ctx); err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		err := p.ensureDaysOf(ctx, recs)
		if err == nil {
			err = p.transactAs(ctx, pgx.TxOptions{BeginQuery: p.beginBatch()}, f)
		}
		if !isNoPartition(err) || attempt > 0 {
			return ofDay(recs, err)
		}
		p.forgetDays()
	}
}

// transact runs f in a transaction and commits, within patience. The context ends f, but
// not the COMMIT.
//
// If we crash before COMMIT is sent, PostgreSQL rolls back. After that the batch may be
// committed: the caller still holds the rows and will send them as rows in doubt.
func (p *Store) transact(ctx context.Context, f func(context.Context, pgx.Tx) error) error {
	return p.transactAs(ctx, pgx.TxOptions{}, f)
}

func (p *Store) beginBatch() string {
	return fmt.Sprintf("BEGIN; SET LOCAL lock_timeout = %d", p.lockPatience())
}

// lockPatience bounds the wait for a lock, in milliseconds, well below the patience: who locks
// a day's partition, or a row, holds up that day, and with the whole patience he would hold
// up every day.
func (p *Store) lockPatience() int64 { return max(p.patience/3, time.Millisecond).Milliseconds() }

func (p *Store) transactAs(ctx context.Context, opt pgx.TxOptions, f func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errPatience)
	defer cancel()
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return p.explain(ctx, err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, opt)
	if err != nil {
		return failed(ctx, conn, err)
	}
	if err := f(ctx, tx); err != nil {
		return failed(ctx, conn, err)
	}
	return commit(ctx, conn.Conn(), tx)
}

var errPatience = errors.New("PostgreSQL did not answer in time")

// failed ends a transaction before its COMMIT and gives err its kind.
func failed(ctx context.Context, conn *pgxpool.Conn, err error) error {
	if !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		_, _ = conn.Exec(end, "ROLLBACK") // if this fails, Release throws the connection away
	}
	if drop := (*store.DroppedError)(nil); errors.As(err, &drop) {
		return drop
	}
	if isRefusal(err) {
		return &store.RefusedError{Err: err}
	}
	return explain(ctx, err)
}

// commit sends COMMIT and waits for the answer, also after the context's end, until ctx's
// deadline or closeGrace after ctx was cancelled. Then it cuts the connection: pgx asks
// the server to cancel the wait, and the batch is in doubt. Every failure after COMMIT
// was sent is in doubt, except one that the server itself states.
func commit(ctx context.Context, conn *pgx.Conn, tx pgx.Tx) error {
	forgetWarning(conn.PgConn())
	stop := cutAfter(ctx, func() { _ = conn.PgConn().Conn().Close() })
	err := tx.Commit(context.WithoutCancel(ctx))
	if cut := stop(); cut { // the answer may have come before: the driver does not know yet, and the pool must not give it to the next user
		_ = conn.Close(ended)
	}
	var refused *pgconn.PgError
	switch {
	case err == nil:
		if err := warning(conn.PgConn()); err != nil {
			return &store.InDoubtError{Err: err}
		}
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return fmt.Errorf("store: PostgreSQL rolled back at commit: %w", err)
	case errors.As(err, &refused) && isRefusal(err):
		return &store.RefusedError{Err: err}
	}
	return &store.InDoubtError{Err: err}
}

// ended is a context for the close of a connection whose socket is closed: no word is sent.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// cutAfter calls closeSocket when ctx's deadline is reached, or closeGrace after ctx was cancelled, unless stop is called before.
// stop reports whether it was called; after stop it is not.
func cutAfter(ctx context.Context, closeSocket func()) (stop func() (cut bool)) {
	var (
		mu           sync.Mutex // without it a timer that had begun or was set anew would cut the next user of the connection
		stopped, cut bool
	)
	deadline, _ := ctx.Deadline()
	timer := time.AfterFunc(time.Until(deadline), func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			cut = true
			closeSocket()
		}
	})
	stopWatch := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped && !errors.Is(context.Cause(ctx), errPatience) {
			timer.Reset(closeGrace)
		}
	})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		stopWatch()
		timer.Stop()
		return cut
	}
}

// copySource feeds recs to COPY.
type copySource struct {
	recs []store.Record
	next int
	row  [sqlrows.ColumnCount]any
}

func (s *copySource) Next() bool { s.next++; return s.next <= len(s.recs) }

func (s *copySource) Err() error { return nil }

func (s *copySource) Values() ([]any, error) {
	r := &s.recs[s.next-1]
	s.row = [sqlrows.ColumnCount]any{
		[16]byte(r.ID), int32(r.TradingDay), r.LoginTime.Unix(), r.VendorID, r.KeyVersion,
		sqlrows.BytesOf(r.Terminal), sqlrows.BytesOf(r.Supplement), sqlrows.Digit(r.Flag), string(r.AppID), string(r.Account),
		sqlrows.Digit(r.UserType), r.FrontID, r.SessionID, r.Provisional,
	}
	if r.RelayAppID != "" {
		relay := []any{string(r.RelayAppID), sqlrows.Digit(r.RelayMode), r.VisitTime.Unix(), r.RelayLoginTime.Unix(), r.RelaySealed}
		copy(s.row[sqlrows.ColumnCount-len(relay):], relay)
	}
	return s.row[:], nil
}

// rowKey is the primary key of table record. A submission that was sent again after its day had ended has one
// RecordID on two days.
type rowKey struct {
	id  [16]byte
	day int32
}

// upsertArgs turns recs into the columns of upsertSQL. A record that is twice in
// recs is taken once: PostgreSQL refuses to upsert a row twice in one statement.
func upsertArgs(recs []store.Record) (keys []rowKey, args []any) {
	var (
		ids                              [][16]byte
		days, fronts, sessions           []int32
		times                            []int64
		vendors, versions, apps, account []string
		terminals, supplements           [][]byte
		flags, types                     []int16
		provisional                      []bool
		relays                           relayColumns
		seen                             = make(map[rowKey]bool, len(recs))
	)
	for i := range recs {
		r := &recs[i]
		key := rowKey{r.ID, int32(r.TradingDay)}
		if seen[key] {
			continue
		}
		seen[key] = true
		keys = append(keys, key)
		ids, days, times = append(ids, r.ID), append(days, int32(r.TradingDay)), append(times, r.LoginTime.Unix())
		vendors, versions = append(vendors, r.VendorID), append(versions, r.KeyVersion)
		terminals, supplements = append(terminals, sqlrows.BytesOf(r.Terminal)), append(supplements, sqlrows.BytesOf(r.Supplement))
		flags, types = append(flags, sqlrows.Digit(r.Flag)), append(types, sqlrows.Digit(r.UserType))
		apps, account = append(apps, string(r.AppID)), append(account, string(r.Account))
		fronts, sessions = append(fronts, r.FrontID), append(sessions, r.SessionID)
		provisional = append(provisional, r.Provisional)
		relays.add(r)
	}
	return keys, []any{
		ids, days, times, vendors, versions, terminals, supplements, flags, apps, account, types, fronts, sessions,
		provisional, relays.appIDs, relays.modes, relays.visits, relays.logins, relays.addresses,
	}
}

// relayColumns are sqlrows.RelayColumns and SealedColumn, with NULL for each record of direct mode.
type relayColumns struct {
	appIDs         []*string
	modes          []*int16
	visits, logins []*int64
	addresses      [][]byte
}

func (c *relayColumns) add(r *store.Record) {
	c.addresses = append(c.addresses, r.RelaySealed)
	if r.RelayAppID == "" {
		c.appIDs, c.modes, c.visits, c.logins = append(c.appIDs, nil), append(c.modes, nil), append(c.visits, nil), append(c.logins, nil)
		return
	}
	c.appIDs, c.modes = append(c.appIDs, new(string(r.RelayAppID))), append(c.modes, new(sqlrows.Digit(r.RelayMode)))
	c.visits, c.logins = append(c.visits, new(r.VisitTime.Unix())), append(c.logins, new(r.RelayLoginTime.Unix()))
}
