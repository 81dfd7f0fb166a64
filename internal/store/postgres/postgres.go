package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/pgurl"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/schema"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Bounds of PostgreSQL's side where Options has 0.
const (
	// DefaultConns: the forwarder takes one and its probe one, the directory one, what the
	// front reports of itself one, late records one, reports one each.
	DefaultConns = 8
	// DefaultBatchPatience bounds one batch from its first statement to the answer to
	// COMMIT.
	DefaultBatchPatience = 30 * time.Second
	// closeGrace is how much longer a COMMIT is waited for when the context has ended.
	closeGrace = 2 * time.Second
	// connectTimeout bounds a connection's setup where the URL has no connect_timeout.
	connectTimeout = 5 * time.Second
)

// Options are the bounds of a PostgreSQL store; the zero value is usable.
type Options struct {
	// Conns bounds the connections to the server.
	Conns int32
	// BatchPatience is how long one batch may take. A COMMIT is never cancelled: when
	// this is over, the connection is closed and the batch is in doubt.
	BatchPatience time.Duration
	// URL is asked before each connection, if it is given, for the URL as it is now: see renew.
	URL func() (*pgurl.URL, error)
}

// Store is the production store. It never makes or changes the schema by itself,
// except that the partition of a new trading day is made when it is needed; see Migrate
// and CheckSchema.
type Store struct {
	url      *pgurl.URL // of Open
	urlNow   func() (*pgurl.URL, error)
	renewed  atomic.Pointer[pgx.ConnConfig] // what a connection took last; nil before
	stale    atomic.Pointer[error]          // why the last connection did not take the URL anew; nil if it did
	pool     *pgxpool.Pool
	db       *sql.DB // the same connections, for migrations and the directory
	patience time.Duration
	inURL    map[string]string // settings that the URL itself sets; never written to

	schemaKnown atomic.Bool // the schema was found good since PostgreSQL was last away

	mu   sync.Mutex
	days map[calendar.TradingDay]bool // partitions known to be there
}

var _ store.Store = (*Store)(nil)

// Open prepares a pool for url and does not connect yet, so that a front starts
// while PostgreSQL is away. Every new connection is asserted: it can write, its session is
// its own (no pooler shares it), the database holds what we send, a commit is durable (neither
// synchronous_commit nor fsync is off), and no row is hidden from it. One that is not is
// closed, and what wanted it fails. The error is about the URL alone.
func Open(ctx context.Context, url *pgurl.URL, opt Options) (*Store, error) {
	cfg, err := poolConfig(url)
	if err != nil {
		return nil, err
	}
	configure(cfg, opt)
	p := &Store{
		url:      url,
		urlNow:   opt.URL,
		patience: opt.BatchPatience,
		inURL:    cfg.ConnConfig.RuntimeParams,
		days:     make(map[calendar.TradingDay]bool),
	}
	if p.patience == 0 {
		p.patience = DefaultBatchPatience
	}
	cfg.BeforeConnect = p.renew
	cfg.AfterConnect = p.settle
	if p.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	p.db = stdlib.OpenDBFromPool(p.pool)
	return p, nil
}

func configure(cfg *pgxpool.Config, opt Options) {
	cfg.MaxConns = opt.Conns
	if cfg.MaxConns == 0 {
		cfg.MaxConns = DefaultConns
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	cfg.PingTimeout = connectTimeout
	cfg.ConnConfig.RuntimeParams["client_encoding"] = clientEncoding
	cfg.ConnConfig.ValidateConnect = writable
	cfg.ConnConfig.OnNotice = noteWarning
	cfg.ConnConfig.OnPgError = keepAfter(cfg.ConnConfig.OnPgError)
}

// Ping reports whether a connection that may write is to be had.
func (p *Store) Ping(ctx context.Context) error { return p.explain(ctx, p.pool.Ping(ctx)) }

// Close ends all connections. Statements that run are waited for.
func (p *Store) Close() error {
	err := p.db.Close()
	p.pool.Close()
	return err
}

// Tables is this database for code that keeps tables beside the records.
func (p *Store) Tables() *sqlrows.Tables { return &sqlrows.Tables{DB: p.db, Explain: p.explain} }

// Migrate brings the schema to this binary's version and says what it did. Any number
// of processes may do so at once: they take turns under an advisory lock. A schema that
// is newer than this binary is an ErrSchema.
func (p *Store) Migrate(ctx context.Context) ([]schema.Applied, error) {
	return (&schema.Migration{
		Db: p.db, Dialect: goose.DialectPostgres, Folder: "postgres", Check: p.CheckSchema, Readable: p.readable,
	}).Run(ctx)
}

// CheckSchema returns a *SchemaError if the schema is older or newer than this binary's, or
// is not known to be tradefront's.
func (p *Store) CheckSchema(ctx context.Context) error {
	return schema.CheckPostgres(ctx, p.db, p.inURL["search_path"] != "" || p.inURL["options"] != "", p.readable)
}

// keepAfter closes a connection whose server has become read-only, also after a read: it
// will stay so, and the next connection finds the new primary.
func keepAfter(otherwise pgconn.PgErrorHandler) pgconn.PgErrorHandler {
	return func(conn *pgconn.PgConn, e *pgconn.PgError) bool {
		return e.Code != stateReadOnly && otherwise(conn, e)
	}
}

// warned is the key under which a connection remembers that a warning came.
const warned = "tradefront: warning"

// noteWarning remembers a warning until commitWarning asks. A commit whose wait for a
// synchronous standby was cancelled succeeds with one; its text depends on the server's
// language and its code is that of any warning, so every warning counts.
func noteWarning(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[warned] = n.Message
	}
}

// forgetWarning clears what noteWarning remembers.
func forgetWarning(conn *pgconn.PgConn) { delete(conn.CustomData(), warned) }

// warning is what noteWarning remembers, as an error.
func warning(conn *pgconn.PgConn) error {
	if text, ok := conn.CustomData()[warned]; ok {
		return fmt.Errorf("PostgreSQL warned at commit: %v", text)
	}
	return nil
}
