package journal

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
)

// A commit asks for the highest seq only where another hand may have raised it: after its own commit it knows; after one
// of another process, of other work of this one, and after a failure it asks.
func TestSeqIsAskedForAfterOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{})
	other := open(t, path, Options{})
	last := int64(0)
	add := func(l *Journal, want int64) {
		t.Helper()
		seq, err := l.Append(t.Context(), record())
		if err != nil {
			t.Fatal(err)
		}
		if seq != want {
			t.Fatalf("seq %d, want %d", seq, want)
		}
		last = seq
	}
	add(l, 1)
	add(l, 2)
	if l.writer.direct.changed() {
		t.Error("after its own commit the connection does not know that the file is as it left it")
	}
	add(other, 3)
	add(l, 4)
	add(other, 5)
	add(other, 6)
	add(l, 7)
	if err := l.Write(func(ctx context.Context, conn *sql.Conn) error { // a position that an export saw
		_, err := conn.ExecContext(ctx, "INSERT INTO reassigned_from (day, arrival) VALUES (20260105, 40)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	add(l, 41)
	add(other, 42)

	failed := l.Write(func(ctx context.Context, conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "INSERT INTO reassigned_from (day, arrival) VALUES (20260106, 90)"); err != nil {
			return err
		}
		return store.ErrNotFound
	})
	if failed == nil {
		t.Fatal("work that fails was committed")
	}
	add(l, last+1)
}

// The statements of a commit that failed serve the next one, and none of its rows comes with it.
func TestStatementsAfterFailure(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{})
	same := []store.Record{*record(), *record()}
	if err := l.Put(t.Context(), same); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.account = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	many := make([]store.Record, chunkRows+3)
	for i := range many {
		many[i] = *record()
	}
	many[chunkRows+1].Account = "refused"
	if err := l.Put(t.Context(), many); err == nil {
		t.Fatal("a refused row was committed")
	}
	if _, err := l.Append(t.Context(), record()); err != nil {
		t.Fatal(err)
	}
	days, err := l.Days(t.Context())
	if err != nil || len(days) != 1 || days[0].Records != 3 {
		t.Errorf("%v, %v: want three records", days, err)
	}
}
