package journal

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
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

// TestWithdrawn: while the writer hangs, a record whose ctx ends is withdrawn and never written; the
// others of the queue are.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{})
	release := hold(t, l)
	stay := appendMany(t, l, 3)
	ctx, cancel := context.WithCancel(t.Context())
	late := appendWithin(ctx, t, l, 1)
	cancel()
	if err := <-late; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrInDoubt) {
		t.Errorf("Append: %v, want ctx's error alone", err)
	}
	stay2 := appendMany(t, l, 1)
	release()
	for range 3 {
		if err := <-stay; err != nil {
			t.Error(err)
		}
	}
	if err := <-stay2; err != nil {
		t.Error(err)
	}
	if n := count(t, l); n != 4 {
		t.Errorf("%d records, want 4: the withdrawn one was written, or another lost", n)
	}
}

// hung is a disk that does not return from a commit before it is let.
type hung struct {
	store.Observer
	entered, let chan struct{}
}

func (h hung) LocalCommit(int, time.Duration, error) {
	h.entered <- struct{}{}
	<-h.let
}

// TestHungCommitIsInDoubt: of a record that the commit has taken Append says that its fate is not
// known. It is there in the end, and the queue stays bounded meanwhile.
func TestHungCommitIsInDoubt(t *testing.T) {
	t.Parallel()
	disk := hung{Observer: store.ObserverOrNone(nil), entered: make(chan struct{}, 2), let: make(chan struct{})}
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{Observer: disk, QueueRows: 2})
	ctx, cancel := context.WithCancel(t.Context())
	fate := make(chan error, 1)
	rec := record()
	go func() {
		_, err := l.Append(ctx, rec)
		fate <- err
	}()
	<-disk.entered
	cancel()
	if err := <-fate; !errors.Is(err, store.ErrInDoubt) {
		t.Errorf("Append: %v, want ErrInDoubt", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	behind := appendWithin(ctx, t, l, 2)
	cancel()
	for range 2 { // withdrawn, and still in the queue
		if err := <-behind; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrInDoubt) {
			t.Errorf("behind it: %v, want ctx's error alone", err)
		}
	}
	if _, err := l.Append(t.Context(), record()); !errors.Is(err, store.ErrOverloaded) {
		t.Errorf("with a full queue: %v, want ErrOverloaded", err)
	}
	close(disk.let)
	for len(l.writer.queue) > 0 { // what was withdrawn makes room
		runtime.Gosched()
	}
	if _, err := l.Append(t.Context(), record()); err != nil {
		t.Errorf("after the hang: %v", err)
	}
	if _, err := l.Find(t.Context(), rec.ID); err != nil {
		t.Errorf("the record in doubt: %v", err)
	}
	if n := count(t, l); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// inDoubt appends a record whose commit waits for a lock that another connection holds, and gives up
// the wait for its fate.
func inDoubt(t *testing.T, l *Journal) *store.Record {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	fate, rec := make(chan error, 1), record()
	go func() {
		_, err := l.Append(ctx, rec)
		fate <- err
	}()
	for l.writer.lock.since.Load() == nil { // the commit has not taken it yet
		runtime.Gosched()
	}
	cancel()
	if err := <-fate; !errors.Is(err, store.ErrInDoubt) {
		t.Fatalf("Append: %v, want ErrInDoubt", err)
	}
	return rec
}

// TestSettle waits for a record in doubt, and no longer than its context.
func TestSettle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := open(t, path, Options{BusyTimeout: time.Minute})
	if err := l.Settle(t.Context()); err != nil {
		t.Errorf("with nothing under way: %v", err)
	}
	release := hold(t, open(t, path, Options{}))
	defer release()
	rec := inDoubt(t, l)
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := l.Settle(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the commit hangs: %v, want ctx's error", err)
	}
	if _, err := l.NextReport(short, uuid.New()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("NextReport while the commit hangs: %v, want ctx's error", err)
	}
	release()
	if err := l.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Find(t.Context(), rec.ID); err != nil {
		t.Errorf("the record in doubt, once all is settled: %v", err)
	}
}

// TestSettleBesideRecords: one that waits between records is told, and they are written.
func TestSettleBesideRecords(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "local.db"), Options{})
	release := hold(t, l)
	first := appendMany(t, l, 2)
	settled := make(chan error, 1)
	go func() { settled <- l.Settle(context.Background()) }()
	for len(l.writer.queue) < 3 {
		runtime.Gosched()
	}
	second := appendMany(t, l, 2)
	release()
	for _, fate := range []<-chan error{first, first, settled, second, second} {
		if err := <-fate; err != nil {
			t.Error(err)
		}
	}
	if n := count(t, l); n != 4 {
		t.Errorf("%d records, want 4", n)
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
