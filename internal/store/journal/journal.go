package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Bounds of the local store.
const (
	// MaxCommitRows is how many appended records one commit takes at most. At 500 a
	// record costs less than 10 µs; more would only make the first of them wait.
	MaxCommitRows = 512
	// DefaultQueueRows is Options.QueueRows where it is 0.
	DefaultQueueRows = 8192

	// readers is how many connections read at once, beside the writer's own.
	readers = 4

	// DefaultWALBytes is Options.WALBytes where it is 0.
	DefaultWALBytes = 2 << 30
)

// Options are the bounds of a local store; the zero value is usable.
type Options struct {
	// QueueRows bounds the appends that wait for a commit; more are refused with
	// ErrOverloaded.
	QueueRows int
	// BusyTimeout is how long to wait for another process that writes to the file.
	BusyTimeout time.Duration
	Observer    store.Observer
	// WALBytes is how long the WAL may be while a report is read: it cannot be folded into the
	// file meanwhile. At this bound the read ends with ErrWALTooLong, so that the writer keeps room
	// on the disk.
	WALBytes int64
	// Bounds are what Measure holds the store to.
	Bounds Bounds
	// Connector makes SQLite's connections; nil for the driver's own. The simulation has one whose
	// statements fail, or stop before they begin.
	Connector func(name string) (driver.Connector, error)
}

func (o *Options) files() localfile.Options {
	return localfile.Options{BusyTimeout: o.BusyTimeout, Connector: o.Connector}
}

// Journal is the store in a file of this machine: SQLite in WAL mode, each commit synced.
// It is the journal of every front, and the whole store where there is no PostgreSQL.
//
// Several processes may open one file; the commands do, beside a running daemon. Do not
// open the file otherwise inside a process that has it open: closing any descriptor of
// it drops the locks of the whole process (POSIX).
type Journal struct {
	db     *sql.DB // for reads and changes of the directory
	writer *writer
	path   string

	walBytes int64         // see Options
	busy     time.Duration // BusyTimeout

	bounds  Bounds
	counted counted                   // owned by the goroutine that calls Measure
	full    atomic.Pointer[FullError] // why appends are refused; nil if they are not
}

var _ store.Store = (*Journal)(nil)

// Open opens the local store at path, creates it if it is not there (mode 0600), and
// brings its schema to this binary's version; a newer schema is an ErrSchema.
func Open(ctx context.Context, path string, opt Options) (*Journal, error) {
	if opt.QueueRows == 0 {
		opt.QueueRows = DefaultQueueRows
	}
	if opt.WALBytes == 0 {
		opt.WALBytes = DefaultWALBytes
	}
	if opt.BusyTimeout == 0 {
		opt.BusyTimeout = localfile.DefaultBusyTimeout
	}
	path, err := localfile.FileOf(path)
	if err != nil {
		return nil, err
	}
	if err := localfile.RefuseHalfMoved(path); err != nil {
		return nil, err
	}
	if err := localfile.RefuseWALAlone(path); errors.Is(err, store.ErrDamaged) {
		return nil, fmt.Errorf("%w: start the front, which sets it aside", err)
	} else if err != nil {
		return nil, err
	}
	if err := localfile.Ensure(ctx, path, opt.files()); err != nil {
		return nil, err
	}
	at := &localfile.Place{Path: path}
	w, err := startWriter(ctx, at, opt)
	if err != nil {
		return nil, err
	}
	db, err := localfile.Open(path, opt.files(), readers, at)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return &Journal{db: db, writer: w, path: path, walBytes: opt.WALBytes, busy: opt.BusyTimeout, bounds: opt.Bounds}, nil
}

// Close commits what is queued and closes the file. Later appends get ErrClosed. A second call does
// nothing.
func (l *Journal) Close() error {
	return errors.Join(l.writer.close(), l.db.Close())
}

// CatchUp takes note of what another process has appended since Open. It is for a process that takes the place of another which
// had the store open too, and appends nothing any more.
func (l *Journal) CatchUp() error {
	return l.Write(func(ctx context.Context, conn *sql.Conn) error { // on the writer's goroutine
		found, err := MaxSeq(ctx, conn)
		if err != nil {
			return err
		}
		l.writer.seq = max(l.writer.seq, found)
		l.writer.progress.advance(l.writer.seq)
		return nil
	})
}

// Tables is this store for code that keeps tables beside the records; it reads them, and changes
// them one transaction at a time.
func (l *Journal) Tables() *sqlrows.Tables {
	return &sqlrows.Tables{DB: l.db, Explain: localfile.Explain}
}

// Write does work in a transaction of the writer, between two commits of records, and returns once
// it is durable. An error of work undoes all of it.
func (l *Journal) Write(work func(context.Context, *sql.Conn) error) error {
	return l.writer.do(&request{work: work})
}
