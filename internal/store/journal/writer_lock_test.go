package journal

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// TestLockedFileRefuses: another process keeps the file locked.
func TestLockedFileRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{BusyTimeout: 20 * time.Millisecond})
	other := open(t, path, Options{})
	release := hold(t, other)
	_, err := l.Append(t.Context(), record())
	release()
	if !errors.Is(err, store.ErrOverloaded) {
		t.Fatalf("Append: %v, want ErrOverloaded", err)
	}
	if err := other.Settle(t.Context()); err != nil { // the lock is free
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), record()); err != nil {
		t.Fatalf("unlocked: %v", err)
	}
	if n := count(t, l); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// lockedOut tells two callers that the lock was not to be had, while others wait; again, if it is not
// nil, comes when the first is told and the second is not.
func lockedOut(w *writer, again *request) {
	first, second := asked(), &request{done: make(chan error)} // the writer cannot go on before it is told
	told := make(chan struct{})
	go func() {
		defer close(told)
		w.tell([]*request{first, second}, &LockedError{})
	}()
	<-first.done
	if again != nil {
		w.queue <- again
	}
	<-second.done
	<-told
}

func asked() *request { return &request{done: make(chan error, 1)} }

func TestWhatWaitedForTheLockIsRefused(t *testing.T) {
	t.Parallel()
	w := &writer{queue: make(chan *request, 8), held: asked()}
	waited := []*request{w.held, asked(), asked(), asked()}
	for _, r := range waited[1:] {
		w.queue <- r
	}
	lockedOut(w, nil)
	for i, r := range waited {
		select {
		case err := <-r.done:
			if !errors.Is(err, store.ErrOverloaded) {
				t.Errorf("%d: %v", i, err)
			}
		default:
			t.Errorf("%d waited as long, and waits on", i)
		}
	}
}

// A caller that tries again at once, as the forwarder may, has not waited.
func TestWhatDidNotWaitForTheLockStaysQueued(t *testing.T) {
	t.Parallel()
	w := &writer{queue: make(chan *request, 8)}
	again := asked()
	lockedOut(w, again)
	if len(again.done) != 0 || len(w.queue) != 1 || <-w.queue != again {
		t.Error("it was refused too")
	}
}

// TestBusyLaterThanBegin: a transaction that SQLite calls busy once it has the lock is no success.
func TestBusyLaterThanBegin(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{})
	other := filepath.Join(t.TempDir(), "other.db")
	release := hold(t, open(t, other, Options{}))
	defer release()
	db, err := localfile.Open(other, localfile.Options{BusyTimeout: time.Millisecond}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = l.Write(func(ctx context.Context, _ *sql.Conn) error {
		_, err := db.ExecContext(ctx, "DELETE FROM record")
		return err
	})
	if !localfile.IsBusy(err) {
		t.Errorf("%v, want that it was busy: nothing was committed", err)
	}
}
