package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/tradefront/tradefront/internal/store"
)

// request is something to be committed: one record, several, or other work. Without any of them it
// only waits until all before it is decided.
type request struct {
	one  *store.Record
	many []store.Record
	work func(context.Context, *sql.Conn) error // in a transaction of its own

	writes bool // work writes for certain, over what a failed commit left in the WAL

	seq int64 // of the last record; set before done is sent to
	// earlier is what the store had already of the record, a submission that was sent again; nil if nothing. It is set
	// before done is sent to.
	earlier *store.Earlier
	done    chan error

	state atomic.Int32 // stateWaiting, then one of the others
}

// The states of a request. What is taken is part of a transaction; what is withdrawn never will be.
const (
	stateWaiting int32 = iota
	stateTaken
	stateWithdrawn
)

func (r *request) take() bool     { return r.state.CompareAndSwap(stateWaiting, stateTaken) }
func (r *request) withdraw() bool { return r.state.CompareAndSwap(stateWaiting, stateWithdrawn) }

// isRecords reports whether r can share a commit with other records.
func (r *request) isRecords() bool { return r.one != nil || r.many != nil }

func (r *request) rows() int {
	if r.one != nil {
		return 1
	}
	return len(r.many)
}

// Append makes rec durable and returns its place in the order of commits. It returns
// when the commit that holds it has returned, so rec may be reused then.
//
// If ctx ends while the record still waits for its turn, it is withdrawn, and the error is
// ctx's: certainly nothing was recorded. If it ends while the commit is under way, as with a
// disk that hangs, the error is ErrInDoubt: the record is there or not, and rec must not be
// changed any more. It is ErrInDoubt too, beside ErrBroken or another cause, if COMMIT failed and may have written the record, and
// beside ErrMoved if the files were moved during the commit. After any other error certainly nothing was recorded: ErrOverloaded
// (a full queue), ErrClosed, a *FullError (see Measure), ErrDiskFull, and ErrBroken or ErrMoved alone.
func (l *Journal) Append(ctx context.Context, rec *store.Record) (seq int64, err error) {
	seq, _, err = l.Submit(ctx, rec)
	return seq, err
}

// Submit is Append of a submission. If the same one is in the store, seq is that of its row, and earlier what that says.
func (l *Journal) Submit(ctx context.Context, rec *store.Record) (seq int64, earlier *store.Earlier, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	if full := l.full.Load(); full != nil {
		return 0, nil, full
	}
	r := &request{one: rec}
	if err := l.writer.doWithin(ctx, r); err != nil {
		return 0, nil, err
	}
	return r.seq, r.earlier, nil
}

// Put makes recs durable in one commit, all or none; see Store and Append.
func (l *Journal) Put(ctx context.Context, recs []store.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(recs) == 0 {
		return nil
	}
	return l.writer.do(&request{many: recs})
}

// Settle returns nil once the fate of every record is known that Append or Put was given before: it
// is in the store, or never will be. That counts for records in doubt too, of which Append returned
// already. While the disk hangs it returns when ctx ends, with an error that is ctx's; with
// ErrOverloaded and ErrClosed it does not know. ErrInDoubt: a COMMIT failed, and whether its records are there is known after
// the next one or, with ErrBroken, after a restart. It writes nothing.
func (l *Journal) Settle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := l.writer.doWithin(ctx, &request{})
	if _, locked := errors.AsType[*LockedError](err); locked {
		return nil // told after the commit before it
	}
	return err
}

// do hands r to the goroutine, if the queue has room, and waits for its fate.
func (w *writer) do(r *request) error { return w.doWithin(context.Background(), r) }

// doWithin is do, until ctx ends; see Append. After an error r belongs to the goroutine.
func (w *writer) doWithin(ctx context.Context, r *request) error {
	r.done = make(chan error, 1)
	if err := w.offer(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	if r.withdraw() {
		return ctx.Err()
	}
	select {
	case err := <-r.done: // the commit returned at the same moment
		return err
	default:
		return mayBeThere(fmt.Errorf("the commit did not return in time: %w", ctx.Err()))
	}
}

func (w *writer) offer(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return store.ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	default:
		return store.ErrOverloaded
	}
}
