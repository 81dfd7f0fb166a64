package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/store"
)

// onlineSettings are those of the connection by which a front counts sessions with the others. What is written there is
// no record, and is gone after a crash anyway. The server misses a client whose machine is lost after 5 s of silence and three
// probes that nothing answers, or when what it sent was not taken for 11 s. A front that hangs, and one whose machine is lost behind a pooler, has a
// connection that lives: the server ends it once it has asked nothing for onlineIdle. A statement that the front waits for no more ends.
const onlineSettings = `SELECT count(set_config(w.name, w.value, false)) FROM (VALUES ('synchronous_commit', 'off'), ('statement_timeout', '10000'),
	('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '11000'),
	('idle_session_timeout', '%d')) AS w (name, value)
	JOIN pg_settings USING (name)`

// onlineIdle is many times the period at which a front asks something, and as long as the server waits for a machine that is lost. PostgreSQL 13
// has no such setting.
const onlineIdle = 11 * time.Second

const (
	holdSQL         = "SELECT pg_try_advisory_lock($1)"
	onlineBeginSQL  = "SELECT online_begin($1, $2, $3, $4)"
	onlineChangeSQL = "SELECT online_change($1, $2, $3, $4, $5)"
)

// onlineCloseWait bounds how long Close tells the server that the connection ends. After that Close cuts the connection, and the server
// ends the session when it finds that out, at the latest after onlineIdle.
const onlineCloseWait = 100 * time.Millisecond

// maxFormer bounds the keys that are remembered of connections before: each is one more that did not begin.
const maxFormer = 16

var (
	errNoOnline     = errors.New("store: PostgreSQL: there is no connection by which sessions are counted with other fronts")
	errOnlineTaken  = errors.New("store: PostgreSQL: another connection has the key that was drawn for this one")
	errOnlineForgot = errors.New("store: PostgreSQL: table online_session was emptied: this front writes its sessions anew")
)

// Online is a front's place among those that count sessions together. It is used by one goroutine at a time, but for Key and Keys.
type Online struct {
	store  *Store
	conn   *pgx.Conn     // nil without one
	idle   time.Duration // onlineIdle
	key    atomic.Int64
	former atomic.Pointer[[]int64] // keys whose rows may be there: never changed, but replaced
}

// Online makes a place that has no connection yet. It is not one of Options.Conns.
func (p *Store) Online() *Online { return &Online{store: p, idle: onlineIdle} }

// Key is that of the connection in use, or of the last one; 0 before the first.
func (o *Online) Key() int64 { return o.key.Load() }

// Keys are those under which rows of this process, or of one whose place it took, may be there: more than one after a Begin that failed.
func (o *Online) Keys() []int64 {
	if keys := o.former.Load(); keys != nil {
		return *keys
	}
	return nil
}

// Succeeds notes the keys of a process whose place this one took. It is called before the first Begin.
func (o *Online) Succeeds(keys ...int64) {
	for _, key := range keys {
		o.remember(key)
	}
}

// Begin makes a new connection, draws its key, and writes all sessions of this front.
func (o *Online) Begin(ctx context.Context, all []store.Online) error {
	o.Close()
	if err := o.store.RequireSchema(ctx); err != nil {
		return err
	}
	err := o.begin(ctx, all)
	if err != nil {
		o.Close()
	}
	return o.store.explain(ctx, err)
}

func (o *Online) begin(ctx context.Context, all []store.Online) (err error) {
	config := o.store.pool.Config().ConnConfig
	if err = o.store.renew(ctx, config); err != nil {
		return err
	}
	if o.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	if err = o.store.settle(ctx, o.conn); err != nil {
		return err
	}
	if _, err = ask(ctx, o.conn.PgConn(), fmt.Sprintf(onlineSettings, o.idle.Milliseconds())); err != nil {
		return err
	}
	key := rand.Int64N(1<<63-1) + 1 //nolint:gosec // G404: it need not be secret
	held := false
	if err = o.conn.QueryRow(ctx, holdSQL, key).Scan(&held); err != nil {
		return err
	}
	if !held {
		return errOnlineTaken
	}
	o.key.Store(key)
	accounts, counts, _ := columnsOf(all)
	o.remember(key) // also where the statement fails its rows may have been written
	if _, err = o.conn.Exec(ctx, onlineBeginSQL, key, o.Keys(), accounts, counts); err != nil {
		return err
	}
	o.former.Store(&[]int64{key}) // it has replaced the others
	return nil
}

// remember keeps a key that the next connection replaces.
func (o *Online) remember(key int64) {
	keys := append(slices.Clone(o.Keys()), key)
	keys = keys[max(0, len(keys)-maxFormer):]
	o.former.Store(&keys)
}

// Change tells how many sessions this front has of some accounts, and asks for more. An error ends the connection.
func (o *Online) Change(ctx context.Context, bound int32, some []store.Online) (granted []int32, err error) {
	if o.conn == nil {
		return nil, errNoOnline
	}
	accounts, held, asked := columnsOf(some)
	err = o.conn.QueryRow(ctx, onlineChangeSQL, o.key.Load(), bound, accounts, held, asked).Scan(&granted)
	switch {
	case err != nil:
		err = o.store.explain(ctx, err)
	case granted == nil:
		err = errOnlineForgot
	case len(granted) != len(some):
		err = fmt.Errorf("store: PostgreSQL: online_change answers for %d accounts, and not %d", len(granted), len(some))
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return granted, nil
}

// Close ends the connection: the sessions of this front count at no other any more.
func (o *Online) Close() {
	if o.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), onlineCloseWait)
	defer cancel()
	_ = o.conn.Close(ctx) // an error changes nothing: the connection is cut then
	o.conn = nil
}

func columnsOf(some []store.Online) (accounts []string, held, asked []int32) {
	accounts, held, asked = make([]string, len(some)), make([]int32, len(some)), make([]int32, len(some))
	for i := range some {
		accounts[i], held[i], asked[i] = string(some[i].Account), some[i].Held, some[i].Asked
	}
	return accounts, held, asked
}
