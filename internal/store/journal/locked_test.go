package journal_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

func init() { storetest.Children["hold-lock"] = holdLock } //nolint:gochecknoinits // a child of the tests

// holdLock takes the write lock of a store and keeps it until its standard input ends.
func holdLock() int {
	release, err := storetest.HoldLock(os.Getenv(storetest.PathVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("held")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	release()
	return 0
}

// TestLockHeldByAnother: what comes while a login waits for the lock is refused with it, and waits no second time; the wait is the busy
// timeout, which SQLite is given; what comes later waits anew; the holder is named; all is well once it lets go.
func TestLockHeldByAnother(t *testing.T) {
	t.Parallel()
	const busy = 2 * time.Second // in this time all others must have come
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{BusyTimeout: busy})
	if given := busyTimeout(t, l); given != busy {
		t.Errorf("SQLite waits %v, want %v", given, busy)
	}
	release, holder := holdByAnother(t, path)

	refusals := make(chan error)
	login := func() {
		rec := storetest.Record(storetest.Day)
		_, err := l.Append(context.Background(), &rec)
		refusals <- err
	}
	go login()
	await.True(t, "the writer to wait for the lock", l.WaitsForLock)
	const logins = 12
	for range logins - 1 {
		go login()
	}
	go func() { refusals <- storetest.TrimThrough(context.Background(), l, 0) }()
	await.True(t, "the others to wait behind it", func() bool { return l.Queued() == logins })
	var refused *journal.LockedError
	for range logins + 1 {
		err := <-refusals
		var locked *journal.LockedError
		switch {
		case !errors.As(err, &locked) || !errors.Is(err, store.ErrOverloaded) || !store.IsLocal(err):
			t.Fatalf("%v", err)
		case refused == nil:
			refused = locked
		case locked != refused:
			t.Errorf("refused after a wait of its own: %v; the first wait ended with %v", locked, refused)
		}
	}
	go login()
	var anew *journal.LockedError
	if err := <-refusals; !errors.As(err, &anew) || anew == refused || anew.For < refused.For+busy {
		t.Errorf("what comes later: %v, want another wait of %v after %v", err, busy, refused.For)
	}
	for _, locked := range []*journal.LockedError{refused, anew} {
		if want := fmt.Sprintf("pid %d (", holder); !strings.Contains(locked.Holder, want) {
			t.Errorf("held by %q, want %q: %v", locked.Holder, want, locked)
		}
	}
	if err := l.HeldUp(); err == nil {
		t.Error("HeldUp does not say so")
	}

	release()
	if err := l.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(t.Context(), &rec); err != nil || l.HeldUp() != nil {
		t.Errorf("once it is free: %v, %v", err, l.HeldUp())
	}
	storetest.WantExactly(t, l, storetest.Day, []store.Record{rec})
}

// busyTimeout is how long SQLite waits for a lock on the writer's connection.
func busyTimeout(t *testing.T, l *journal.Journal) time.Duration {
	t.Helper()
	var ms int64
	if err := l.Write(func(ctx context.Context, conn *sql.Conn) error {
		return conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&ms)
	}); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ms) * time.Millisecond
}

// holdByAnother has another process hold the write lock until release.
func holdByAnother(t *testing.T, path string) (release func(), pid int) {
	t.Helper()
	cmd := storetest.Child(t, "hold-lock", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	return func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}, cmd.Process.Pid
}
