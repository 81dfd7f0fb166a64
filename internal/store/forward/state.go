package forward

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// forwardState is what other goroutines may read of a forwarder.
type forwardState struct {
	hurry   chan struct{} // receives when a caller begins to wait
	waiters atomic.Int64
	probed  chan struct{} // closed when the first probe has come back
	back    chan struct{} // receives when a probe succeeds after one that failed
	left    atomic.Bool   // a record was quarantined, or left in the local store, since we started
	rows    atomic.Int64  // forwarded since we started
	// Neither is moved by a step of the machine's clock.
	stepSince  atomic.Pointer[time.Time] // when the forwarder began what it does now; nil while it waits for work
	batchSince atomic.Pointer[time.Time] // when the batch that is on its way was sent; nil without one

	mu      sync.Mutex
	sent    int64
	changed chan struct{} // closed and replaced when sent grows
	err     error         // of the last batch
	away    error         // of the last probe
	days    map[calendar.TradingDay]DayTrouble
	daySent map[calendar.TradingDay]int64 // while forwarding day by day, as sent, of each day
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
	clear(s.daySent)
	close(s.changed)
	s.changed = make(chan struct{})
}

// advanceDay notes that the rows of a day up to seq are done: a caller that waits for one of them does
// not wait for the backlog of another day.
func (s *forwardState) advanceDay(day calendar.TradingDay, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.daySent == nil {
		s.daySent = make(map[calendar.TradingDay]int64)
	}
	s.daySent[day] = seq
	close(s.changed)
	s.changed = make(chan struct{})
}

// reached reports whether all rows up to seq are done, or all of that day if there is one; if
// not, the channel is closed when it is worth asking again.
func (s *forwardState) reached(seq int64, day calendar.TradingDay) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent >= seq || day != 0 && s.daySent[day] >= seq, s.changed
}

// Wait returns nil when the record with that seq, of journal.Journal.Append, is committed in
// PostgreSQL; a *RefusedError if it is in quarantine; its day's trouble if PostgreSQL does not
// take it; an error of ctx or ErrClosed if it was not to be had in time. The record stays
// where it is and will be forwarded.
func (f *Forwarder) Wait(ctx context.Context, seq int64) error { return f.waitFor(ctx, seq, 0) }

// waitFor is Wait for a record of that day.
func (f *Forwarder) waitFor(ctx context.Context, seq int64, day calendar.TradingDay) error {
	f.state.waiters.Add(1)
	defer f.state.waiters.Add(-1)
	select {
	case f.state.hurry <- struct{}{}:
	default:
	}
	for {
		reached, changed := f.state.reached(seq, day)
		if reached {
			return f.fate(ctx, seq)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("store: waiting for PostgreSQL: %w", context.Cause(ctx))
		case <-f.ended:
			return store.ErrClosed
		}
	}
}

// fate tells a forwarded record from one in quarantine, and from one that is left here. From
// the first of those on, done is called once the rows are removed: one that is still there
// is left.
func (f *Forwarder) fate(ctx context.Context, seq int64) error {
	if !f.state.left.Load() {
		return nil
	}
	where, day, err := f.local.PlaceOf(ctx, seq)
	switch {
	case err != nil:
		return err
	case where == store.Quarantined:
		return &store.RefusedError{Err: errors.New("the record is in quarantine")}
	case where == store.Waiting:
		return waitsFor(f.DayTrouble(day))
	}
	return nil
}

// Drain returns when everything that was appended before the call is in PostgreSQL, or
// when ctx ends, or when it is known that records of some day stay here. A front that stops
// calls it before Close.
func (f *Forwarder) Drain(ctx context.Context) error {
	last := f.local.LastSeq()
	if err := f.Wait(ctx, last); err != nil || !f.state.left.Load() {
		return err
	}
	day, err := f.local.FirstWaiting(ctx, last)
	if err != nil || day == 0 {
		return err
	}
	return waitsFor(f.DayTrouble(day))
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

// Sent is the seq up to which all records are in PostgreSQL or in quarantine, or are left here for their day's trouble.
func (f *Forwarder) Sent() int64 {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return f.state.sent
}

// Pending is how many records PostgreSQL does not have yet and the login time of the
// oldest, zero without one.
func (f *Forwarder) Pending(ctx context.Context) (rows int64, oldest time.Time, err error) {
	return f.local.Pending(ctx)
}
