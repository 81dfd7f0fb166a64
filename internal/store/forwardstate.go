package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// forwardState is what others than its goroutine may know of a forwarder.
type forwardState struct {
	hurry       chan struct{} // receives when somebody begins to wait
	waiters     atomic.Int64
	probed      chan struct{} // closed when the first probe has come back
	back        chan struct{} // receives when a probe succeeds after one that failed
	quarantined atomic.Bool   // a record was set aside since we started
	rows        atomic.Int64  // forwarded since we started
	batchSince  atomic.Int64  // when the batch that is on its way was sent, in nanoseconds; 0 without one

	mu      sync.Mutex
	sent    int64
	changed chan struct{} // closed and replaced when sent grows
	err     error         // of the last batch
	away    error         // of the last probe
}

func (s *forwardState) waiting() bool { return s.waiters.Load() > 0 }

func (s *forwardState) report(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *forwardState) advance(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = seq
	close(s.changed)
	s.changed = make(chan struct{})
}

// reached reports whether all rows up to seq are done; if not, the channel is closed
// when it is worth asking again.
func (s *forwardState) reached(seq int64) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent >= seq, s.changed
}

// Wait returns nil when the record with that seq, of Local.Append, is committed in
// PostgreSQL; a *RefusedError if it is in quarantine; an error of ctx or ErrClosed if it
// was not to be had in time. The record stays where it is and will be forwarded.
func (f *Forwarder) Wait(ctx context.Context, seq int64) error {
	f.state.waiters.Add(1)
	defer f.state.waiters.Add(-1)
	select {
	case f.state.hurry <- struct{}{}:
	default:
	}
	for {
		reached, changed := f.state.reached(seq)
		if reached {
			return f.fate(ctx, seq)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("store: waiting for PostgreSQL: %w", context.Cause(ctx))
		case <-f.ended:
			return ErrClosed
		}
	}
}

// fate tells a forwarded record from one in quarantine.
func (f *Forwarder) fate(ctx context.Context, seq int64) error {
	if !f.state.quarantined.Load() {
		return nil
	}
	aside, err := f.local.isAside(ctx, seq)
	if err == nil && aside {
		err = &RefusedError{errors.New("the record is in quarantine")}
	}
	return err
}

// Drain returns when everything that was appended before the call is in PostgreSQL, or
// when ctx ends. A front that stops calls it before Close.
func (f *Forwarder) Drain(ctx context.Context) error {
	return f.Wait(ctx, f.local.writer.progress.last.Load())
}

// Healthy reports whether PostgreSQL takes records, as far as is known.
func (f *Forwarder) Healthy() bool { return f.LastError() == nil }

// LastError is why the last batch failed, or else the last probe; nil if neither did.
func (f *Forwarder) LastError() error {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	if f.state.err != nil {
		return f.state.err
	}
	return f.state.away
}

// Rows is how many records were brought to PostgreSQL since the forwarder was made.
func (f *Forwarder) Rows() int64 { return f.state.rows.Load() }

// Pending is how many records PostgreSQL does not have yet and the login time of the
// oldest, zero without one.
func (f *Forwarder) Pending(ctx context.Context) (rows int64, oldest time.Time, err error) {
	return f.local.Pending(ctx)
}
