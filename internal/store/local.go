package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// Bounds of the local store.
const (
	// MaxCommitRows is how many appended records one commit takes at most. At 500 a
	// record costs less than 10 µs; more would only make the first of them wait.
	MaxCommitRows = 512
	// DefaultQueueRows is LocalOptions.QueueRows where it is 0.
	DefaultQueueRows = 8192
	// DefaultBusyTimeout is LocalOptions.BusyTimeout where it is 0.
	DefaultBusyTimeout = 5 * time.Second
	// readers is how many connections read at once, beside the writer's own.
	readers = 4
	// logKept is what the log's file keeps of its size once its pages are in the file: room for
	// what comes between two checkpoints, of 1,000 pages each.
	logKept = 16 << 20
	// DefaultLogBytes is LocalOptions.LogBytes where it is 0.
	DefaultLogBytes = 2 << 30
	// openAttempts bounds how often OpenLocal looks again when another process creates
	// or migrates the same file at the same moment.
	openAttempts = 5
)

// LocalOptions are the bounds of a local store; the zero value is usable.
type LocalOptions struct {
	// QueueRows bounds the appends that wait for a commit; more are refused with
	// ErrOverloaded.
	QueueRows int
	// BusyTimeout is how long to wait for another process that writes to the file.
	BusyTimeout time.Duration
	Observer    Observer
	// LogBytes is how long the log may be while a report is read: nothing of it can be folded
	// into the file meanwhile. At this bound the reader gives up with ErrLogLong, so that
	// the disk stays the writer's.
	LogBytes int64
	// Bounds are looked at by Measure.
	Bounds Bounds
	// Connector makes SQLite's connections; nil for the driver's own. The simulation puts
	// one between that fails statements and stops in front of them.
	Connector func(name string) (driver.Connector, error)
}

func (o *LocalOptions) file() FileOptions { return FileOptions{BusyTimeout: o.BusyTimeout, Connector: o.Connector} }

// FileOptions are how SQLite opens the file of a local store.
type FileOptions struct {
	BusyTimeout time.Duration                               // how long to wait for another process that writes to it
	Connector   func(name string) (driver.Connector, error) // nil for the driver's own
}

// Local is the store in a file of this machine: SQLite in WAL mode, each commit synced.
// It is the journal of every front, and the whole store where there is no PostgreSQL.
//
// Several processes may open one file; the commands do, beside a running daemon. Do not
// open the file otherwise inside a process that has it open: closing any descriptor of
// it drops the locks of the whole process (POSIX).
type Local struct {
	db     *sql.DB // reads, and the directory's changes; one transaction at a time writes
	writer *writer
	path   string

	logBytes int64         // see LocalOptions
	busy     time.Duration // BusyTimeout

	bounds  Bounds
	counted counted                   // owned by who calls Measure
	full    atomic.Pointer[FullError] // why appends are refused; nil if they are not
}

var _ Store = (*Local)(nil)

// OpenLocal opens the local store at path, creates it if it is not there (mode 0600), and
// brings its schema to this binary's version; a newer schema is an ErrSchema.
func OpenLocal(ctx context.Context, path string, opt LocalOptions) (*Local, error) {
	if opt.QueueRows == 0 {
		opt.QueueRows = DefaultQueueRows
	}
	if opt.LogBytes == 0 {
		opt.LogBytes = DefaultLogBytes
	}
	if opt.BusyTimeout == 0 {
		opt.BusyTimeout = DefaultBusyTimeout
	}
	path = RealPath(path)
	if err := refuseHalfAside(path); err != nil {
		return nil, err
	}
	if err := refuseLogAlone(path); errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("%w: start the front, which sets it aside", err)
	} else if err != nil {
		return nil, err
	}
	if err := ensureLocal(ctx, path, opt.file()); err != nil {
		return nil, err
	}
	at := &place{path: path}
	w, err := startWriter(ctx, at, opt)
	if err != nil {
		return nil, err
	}
	db, err := openSQLite(path, opt.file(), readers, at)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return &Local{db: db, writer: w, path: path, logBytes: opt.LogBytes, busy: opt.BusyTimeout, bounds: opt.Bounds}, nil
}

// Close commits what was taken and closes the file. Appends after it get ErrClosed. A
// second call does nothing.
func (l *Local) Close() error {
	return errors.Join(l.writer.close(), l.db.Close())
}

// Tables is this store for code that keeps tables beside the records; it reads them, and changes
// them one transaction at a time.
func (l *Local) Tables() *Tables { return &Tables{DB: l.db, Explain: readError} }

// Write does work in a transaction of the writer, between two commits of records, and returns once
// it is durable. An error of work undoes all of it.
func (l *Local) Write(work func(context.Context, *sql.Conn) error) error {
	return l.writer.do(&request{work: work})
}

// openSQLite is a pool of at most conns connections to the file at path, which is there. With a
// place, each new connection is to the files of that place, or fails.
func openSQLite(path string, opt FileOptions, conns int, at *place) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{
		"mode":          {"rw"}, // never made here: see ensureLocal
		"_busy_timeout": {strconv.FormatInt(opt.BusyTimeout.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // sync the log at each commit: NORMAL would lose the last ones
		"_foreign_keys": {"on"},
		// What a long reader made the log grow to is given back once it is folded.
		"_pragma": {"journal_size_limit(" + strconv.Itoa(logKept) + ")"},
		"_txlock": {"immediate"}, // a read that turns into a write could not wait for its turn
	}.Encode()}
	connect := opt.Connector
	if connect == nil {
		connect = sqlite.NewConnector
	}
	connector, err := connect(name.String())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if at != nil {
		connector = placedConnector{connector, at}
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// migrateLocal migrates, and looks again if that fails: then another process was
// probably quicker, which the next look shows. SQLite has no lock to do it under.
func migrateLocal(ctx context.Context, db *sql.DB) error {
	m := migration{
		db: db, dialect: goose.DialectSQLite3, folder: "local",
		check:    func(ctx context.Context) error { return checkLocalSchema(ctx, db) },
		readable: func(err error) error { return err },
	}
	var err error
	for range openAttempts {
		if _, err = m.run(ctx); err == nil ||
			errors.Is(err, ErrSchema) || ctx.Err() != nil {
			return err
		}
	}
	return err
}
