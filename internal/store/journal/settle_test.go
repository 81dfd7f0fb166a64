package journal

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

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
