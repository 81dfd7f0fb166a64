package journal_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// fault lets one statement of the writer fail, once.
type fault struct {
	statement string // whose text this is
	err       error
	happens   bool // before it fails
	armed     bool
}

// faultyConnector makes connections with a fault.
type faultyConnector struct {
	driver.Connector
	fault *fault
}

func (c faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return faultyConn{inner.(sqliteConn), c.fault}, nil
}

// sqliteConn is what the store uses of SQLite's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	sqlite.FileControl
}

type faultyConn struct {
	sqliteConn
	fault *fault
}

func (c faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil || query != c.fault.statement {
		return inner, err
	}
	return faultyStmt{inner, c.fault}, nil
}

type faultyStmt struct {
	driver.Stmt
	fault *fault
}

func (s faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	failing := s.fault.armed
	if s.fault.armed = false; !failing || s.fault.happens {
		if result, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args); err != nil || !failing {
			return result, err
		}
	}
	return nil, s.fault.err
}

// sqliteErrors are errors that no test could make up, for their type has no constructor: of a disk that fails, and of a full one.
func sqliteErrors(t *testing.T) (failed, full error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(statement string) error {
		_, err := db.Exec(statement)
		return err
	}
	for _, s := range []string{"CREATE TABLE a (b)", "PRAGMA max_page_count = 1"} {
		if err := exec(s); err != nil {
			t.Fatal(err)
		}
	}
	full = exec("INSERT INTO a VALUES (zeroblob(100000))")
	for _, s := range []string{"BEGIN", "INSERT INTO a VALUES (1)"} {
		if err := exec(s); err != nil {
			t.Fatal(err)
		}
	}
	// SQLite removes the rollback journal at COMMIT, and fails where that is a folder.
	journal := path + "-journal"
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(journal, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	return exec("COMMIT"), full
}

// TestFailedCommitIsInDoubt: each fault of a commit as a pair, failed and failed but written. After a kill no record is found of which
// Append said that it certainly is not there.
func TestFailedCommitIsInDoubt(t *testing.T) {
	t.Parallel()
	failed, full := sqliteErrors(t)
	for name, one := range map[string]struct {
		fault   fault
		want    error
		doubt   bool
		settled bool // by the next commit
	}{
		"sync failed":                   {fault{statement: "COMMIT", err: failed}, store.ErrBroken, true, false},
		"sync failed, and written":      {fault{statement: "COMMIT", err: failed, happens: true}, store.ErrBroken, true, false},
		"disk full":                     {fault{statement: "COMMIT", err: full}, store.ErrDiskFull, false, true},
		"an unknown error, not written": {fault{statement: "COMMIT", err: errors.New("unknown")}, nil, true, true},
		"an unknown error, and written": {fault{statement: "COMMIT", err: errors.New("unknown"), happens: true}, nil, true, true},
		"failed before the commit":      {fault{statement: "BEGIN IMMEDIATE", err: failed}, store.ErrBroken, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "local.db")
			fault := one.fault
			l := storetest.OpenJournalAt(t, path, journal.Options{Connector: func(name string) (driver.Connector, error) {
				inner, err := sqlite.NewConnector(name)
				return faultyConnector{inner, &fault}, err
			}})
			recs := storetest.Records(storetest.Day, 3)
			storetest.AppendAll(t, l, recs[:1])
			fault.armed = true
			told := []error{nil}
			_, err := l.Append(t.Context(), &recs[1])
			told = append(told, err)
			if err == nil || errors.Is(err, store.ErrInDoubt) != one.doubt || one.want != nil && !errors.Is(err, one.want) {
				t.Errorf("Append: %v", err)
			}
			if err := l.Settle(t.Context()); errors.Is(err, store.ErrInDoubt) != one.doubt {
				t.Errorf("Settle: %v", err)
			}
			killed := t.TempDir()
			keep(t, path, killed)
			if !errors.Is(one.want, store.ErrBroken) {
				if err := errors.Join(l.Probe(t.Context()), l.Settle(t.Context())); err != nil {
					t.Errorf("a probe that commits: %v", err)
				}
			}

			_, err = l.Append(t.Context(), &recs[2])
			told = append(told, err)
			if broken := errors.Is(one.want, store.ErrBroken); errors.Is(err, store.ErrBroken) != broken || errors.Is(err, store.ErrInDoubt) {
				t.Errorf("the next Append: %v", err)
			}
			if err := l.Settle(t.Context()); errors.Is(err, store.ErrInDoubt) == one.settled {
				t.Errorf("Settle after it: %v", err)
			}
			later := t.TempDir()
			keep(t, path, later)
			for _, dir := range []string{killed, later} {
				found := storetest.Stored(t, storetest.OpenJournalAt(t, filepath.Join(dir, "local.db"), journal.Options{}), storetest.Day)
				if _, there := found[recs[1].ID]; there != fault.happens {
					t.Errorf("the record is there: %v; nothing was tested", there)
				}
				for i, err := range told {
					if _, there := found[recs[i].ID]; there && err != nil && !errors.Is(err, store.ErrInDoubt) {
						t.Errorf("record %d is there, and Append said %v", i, err)
					} else if !there && err == nil && dir == later {
						t.Errorf("record %d is lost", i)
					}
				}
			}
		})
	}
}

// keep copies what a kill leaves of the store at path.
func keep(t *testing.T, path, dir string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		storetest.WriteFile(t, filepath.Join(dir, filepath.Base(path)+suffix), storetest.ReadFile(t, path+suffix))
	}
}
