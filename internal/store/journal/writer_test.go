package journal

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

// commits remembers the rows of each commit.
type commits struct {
	store.Observer
	mu   sync.Mutex
	rows []int
}

func (c *commits) LocalCommit(rows int, _ time.Duration, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = append(c.rows, rows)
}

func open(t *testing.T, path string, opt Options) *Journal {
	t.Helper()
	l, err := Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// hold keeps the writer busy until release is called.
func hold(t *testing.T, l *Journal) (release func()) {
	t.Helper()
	taken, let := make(chan struct{}), make(chan struct{})
	go l.writer.do(&request{work: func(context.Context, *sql.Conn) error {
		close(taken)
		<-let
		return nil
	}})
	<-taken
	return sync.OnceFunc(func() { close(let) })
}

func record() *store.Record {
	return &store.Record{ID: uuid.New(), TradingDay: 20260105, LoginTime: time.Unix(1767574800, 0), Flag: '0', UserType: '1'}
}

// appendMany starts n appends, waits until they are queued, and returns their errors when read.
func appendMany(t *testing.T, l *Journal, n int) <-chan error {
	t.Helper()
	return appendWithin(context.Background(), t, l, n)
}

func appendWithin(ctx context.Context, t *testing.T, l *Journal, n int) <-chan error {
	t.Helper()
	before := len(l.writer.queue)
	results := make(chan error, n)
	for range n {
		go func() {
			_, err := l.Append(ctx, record())
			results <- err
		}()
	}
	// Nothing signals that a request is queued and not taken: look.
	poll, deadline := time.NewTicker(time.Millisecond), time.After(time.Minute)
	defer poll.Stop()
	for len(l.writer.queue) < before+n {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("the appends are not queued")
		}
	}
	return results
}

func count(t *testing.T, l *Journal) int64 {
	t.Helper()
	rows, _, err := l.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestWaitersShareCommits: while the writer is busy a batch fills, bounded by MaxCommitRows.
func TestWaitersShareCommits(t *testing.T) {
	t.Parallel()
	seen := &commits{Observer: store.ObserverOrNone(nil)}
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{Observer: seen})
	release := hold(t, l)
	results := appendMany(t, l, MaxCommitRows+10)
	release()
	for range MaxCommitRows + 10 {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if diff := cmp.Diff([]int{MaxCommitRows, 10}, seen.rows); diff != "" {
		t.Errorf("rows of the commits (-want +got):\n%s", diff)
	}
}

func TestFullQueueRefusesAndRecordsNothing(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{QueueRows: 3})
	release := hold(t, l)
	defer release()
	results := appendMany(t, l, 3)
	if _, err := l.Append(t.Context(), record()); !errors.Is(err, store.ErrOverloaded) {
		t.Fatalf("with a full queue: %v, want ErrOverloaded", err)
	}
	release()
	for range 3 {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, l); n != 3 {
		t.Errorf("%d records, want the 3 that were taken", n)
	}
}

func TestCloseCommitsWhatWasTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{})
	release := hold(t, l)
	results := appendMany(t, l, 20)
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	release()
	for range 20 {
		if err := <-results; err != nil {
			t.Errorf("a record that was taken: %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), record()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
	if n := count(t, open(t, path, Options{})); n != 20 {
		t.Errorf("%d records after reopening, want 20", n)
	}
}

func TestSeqIsNeverGivenOutTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{})
	var last int64
	next := func(l *Journal) {
		t.Helper()
		seq, err := l.Append(t.Context(), record())
		if err != nil || seq <= last {
			t.Fatalf("seq %d after %d, error %v", seq, last, err)
		}
		last = seq
	}
	next(l)
	if err := l.Trim([]int64{last}, nil); err != nil {
		t.Fatal(err)
	}
	next(l) // although the file was empty
	next(open(t, path, Options{}))
	next(l) // although another handle was quicker
	if err := l.MoveToQuarantine(last, errors.New("refused")); err != nil {
		t.Fatal(err)
	}
	next(open(t, path, Options{})) // although the highest is in quarantine
}

// TestFullDiskIsAllOrNone also shows that the next batch is tried again.
func TestFullDiskIsAllOrNone(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{})
	limit := func(pages string) {
		t.Helper()
		err := l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "PRAGMA max_page_count = "+pages)
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit("40")
	batch := make([]store.Record, 500)
	for i := range batch {
		batch[i] = *record()
		batch[i].Supplement = make([]byte, 1000)
	}
	if err := l.Put(t.Context(), batch); !errors.Is(err, store.ErrDiskFull) {
		t.Fatalf("Put: %v, want ErrDiskFull", err)
	}
	if n := count(t, l); n != 0 {
		t.Errorf("%d records of a batch that failed", n)
	}
	limit("1000000")
	if err := l.Put(t.Context(), batch); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if n := count(t, l); n != 500 {
		t.Errorf("%d records, want 500", n)
	}
}

// TestSettings asks the writer's own connection whether a commit is durable.
func TestSettings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "odd name?&%20#.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, path, Options{})
	got := make(map[string]string)
	err := l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		for _, name := range []string{"journal_mode", "synchronous", "foreign_keys", "busy_timeout"} {
			var value string
			if err := conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value); err != nil {
				return err
			}
			got[name] = value
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%q has mode %o, want 600", suffix, mode)
		}
	}
}
