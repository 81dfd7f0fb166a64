package forward_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// unsure reports the next commit as failed, although it happened.
type unsure struct {
	driver.Connector
	armed *atomic.Bool
}

func (u unsure) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := u.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return unsureConn{inner.(sqliteConn), u.armed}, nil
}

// sqliteConn is what SQLite's connections can do and database/sql looks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type unsureConn struct {
	sqliteConn
	armed *atomic.Bool
}

func (c unsureConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil || query != "COMMIT" {
		return inner, err
	}
	return unsureCommit{inner, c.armed}, nil
}

// unsureCommit is the prepared COMMIT.
type unsureCommit struct {
	driver.Stmt
	armed *atomic.Bool
}

func (c unsureCommit) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if err == nil && c.armed.Swap(false) {
		return nil, errors.New("failed, but committed")
	}
	return result, err
}

// refusing refuses every record, and makes the quarantine's commit one of the unsure. It waits until the append has returned: the
// forwarder finds the row as soon as SQLite has committed, and the append's own commit is not meant.
type refusing struct {
	picky
	armed    *atomic.Bool
	appended chan struct{}
}

func (r *refusing) Put(ctx context.Context, recs []store.Record) error {
	select {
	case <-r.appended:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.armed.Store(true)
	return r.picky.Put(ctx, recs)
}

// TestQuarantineThatFailedAndHappened: the row is gone from those to be forwarded, and who
// waits for it must not take that for PostgreSQL's commit.
func TestQuarantineThatFailedAndHappened(t *testing.T) {
	t.Parallel()
	armed := new(atomic.Bool)
	l := storetest.OpenJournalAt(t, filepath.Join(t.TempDir(), "local.db"), journal.Options{
		Connector: func(name string) (driver.Connector, error) {
			inner, err := sqlite.NewConnector(name)
			return unsure{inner, armed}, err
		},
	})
	dest := &refusing{armed: armed, appended: make(chan struct{})}
	f := storetest.Forward(t, l, dest, forward.Options{BatchDelay: time.Millisecond})
	seq := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 1))
	close(dest.appended)
	var refused *store.RefusedError
	if err := f.Wait(storetest.Within(t), seq); !errors.As(err, &refused) {
		t.Fatalf("Wait: %v, want a RefusedError", err)
	}
	if quarantined, err := l.Quarantine(t.Context()); len(quarantined) != 1 || err != nil {
		t.Errorf("quarantine: %d records, %v", len(quarantined), err)
	}
}
