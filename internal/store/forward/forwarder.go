package forward

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// Bounds of the forwarder where Options has 0.
const (
	DefaultBatchRows  = 2000
	DefaultBatchDelay = 200 * time.Millisecond
	DefaultBackoffMin = 100 * time.Millisecond
	DefaultBackoffMax = 5 * time.Second
	DefaultIdlePoll   = 5 * time.Second

	DefaultProbePeriod = time.Second

	// maxYield bounds the pause after a full batch. While it catches up after an outage, the
	// forwarder works half of the time at most: logins come first. While a caller is in Wait there
	// are no pauses.
	maxYield = 250 * time.Millisecond
)

// Destination is where the forwarder brings records: PostgreSQL. For the errors see
// postgres.Store.CopyIn; both write all records or none.
type Destination interface {
	// CopyIn is for records that were never sent before.
	CopyIn(ctx context.Context, recs []store.Record) error
	// Put is for records that may be there already. Its success means that they are
	// durable now, also those that an earlier attempt wrote.
	Put(ctx context.Context, recs []store.Record) error
	// StoredByOthers are the places in recs of those that another front stored first, under the same RecordID. All of recs
	// are stored.
	StoredByOthers(ctx context.Context, recs []store.Record) ([]int, error)
	// Earlier is what is stored of the submission rec, nil if nothing is.
	Earlier(ctx context.Context, rec *store.Record) (*store.Earlier, error)
	// Probe reports whether records would be taken now, without sending any.
	Probe(ctx context.Context) error
}

// Journal is the front's local store: the forwarder reads records from it in the order of their
// commits, and removes from it what PostgreSQL has. It has one forwarder.
type Journal interface {
	// Append returns once the record is durable in the journal, with its seq.
	Append(ctx context.Context, rec *store.Record) (seq int64, err error)
	// Submit is Append of a submission; earlier is what the journal had of it, nil if nothing.
	Submit(ctx context.Context, rec *store.Record) (seq int64, earlier *store.Earlier, err error)
	// LastSeq is the highest seq that was committed.
	LastSeq() int64
	// Reached returns a channel that receives once that seq is committed, and perhaps before: the
	// listener, of which there is one, looks again.
	Reached(seq int64) <-chan struct{}
	// Oldest reads the n records with the lowest seq.
	Oldest(ctx context.Context, n int) ([]store.Entry, error)
	// WaitingDays are the values of column trading_day among the records. In an altered file one
	// may be no trading day.
	WaitingDays(ctx context.Context) ([]any, error)
	// OfDay reads n records of a day of WaitingDays, in the order of their RecordIDs, after that one.
	OfDay(ctx context.Context, day any, after uuid.UUID, n int) ([]store.Entry, error)
	// Trim removes the records with those seqs. None of the seqs is given out again.
	// others are those of them whose submissions another front brought first.
	Trim(seqs, others []int64) error
	// MoveToQuarantine takes a record out of those to be sent, with the cause.
	MoveToQuarantine(seq int64, cause error) error
	// PlaceOf says where the record with that seq is, and its day if it waits.
	PlaceOf(ctx context.Context, seq int64) (store.Place, calendar.TradingDay, error)
	// FirstWaiting is the day of the oldest record up to that seq, 0 if there is none.
	FirstWaiting(ctx context.Context, upTo int64) (calendar.TradingDay, error)
	// Pending counts the records that wait, and gives the login time of the oldest.
	Pending(ctx context.Context) (rows int64, oldest time.Time, err error)
}

// Options are the bounds of a forwarder; the zero value is usable.
type Options struct {
	// BatchRows is how many rows are sent at once, at most.
	BatchRows int
	// BatchDelay is how long to gather a batch that is not full. With a larger backlog,
	// or while a caller is in Wait, there is no delay.
	BatchDelay time.Duration
	// BackoffMin and BackoffMax bound the pause after a failure, which doubles at each.
	BackoffMin, BackoffMax time.Duration
	// IdlePoll is how often an idle forwarder looks for rows of other processes.
	IdlePoll time.Duration
	// ProbePeriod is how often PostgreSQL is asked whether it takes records.
	ProbePeriod time.Duration
	// Jitter shortens a pause by chance, so that many fronts that lost PostgreSQL at the
	// same moment do not come back at the same; nil for half of it at most.
	Jitter   func(pause time.Duration) time.Duration
	Observer store.Observer
}

// Forwarder moves records from the local store to PostgreSQL, in the order of their
// commits, and removes them locally after PostgreSQL's commit. Once PostgreSQL does not take those of
// a day, or drops some, it goes day by day until all are taken, so that the trouble of one day delays
// that day alone (day.go).
//
// If we crash at any point, the rows not yet removed are in doubt: the next start sends
// them by Put.
type Forwarder struct {
	local Journal
	dest  Destination
	opt   Options

	start, stop sync.Once
	ctx         context.Context
	cancel      context.CancelFunc
	ended       chan struct{} // closed when the goroutines have ended, or will never start

	state  forwardState  // what other goroutines read
	asking chan struct{} // holds one for each question for a submission; see earlier.go

	// Owned by the goroutine that forwards.
	doubtUpTo int64   // rows up to this seq may have been sent before
	sent      int64   // rows up to this seq are done
	untrimmed []int64 // rows with these seqs are in PostgreSQL but not yet removed
	trimmedTo int64   // once they are removed, all rows up to this seq are done, or are left for their day's trouble
	full      bool    // the last batch was full, so there is probably more
	stored    []int64 // of the batch that is being sent
	others    []int64 // of untrimmed and stored: what another front stored first

	byDay    bool // see day.go
	troubles map[calendar.TradingDay]*trouble
}

// New prepares a forwarder. A process before us may have sent what the local store holds now: all of
// it counts as in doubt.
func New(local Journal, dest Destination, opt Options) *Forwarder {
	opt.BatchRows = cmp.Or(opt.BatchRows, DefaultBatchRows)
	opt.BatchDelay = cmp.Or(opt.BatchDelay, DefaultBatchDelay)
	opt.BackoffMin = cmp.Or(opt.BackoffMin, DefaultBackoffMin)
	opt.BackoffMax = cmp.Or(opt.BackoffMax, DefaultBackoffMax)
	opt.IdlePoll = cmp.Or(opt.IdlePoll, DefaultIdlePoll)
	opt.ProbePeriod = cmp.Or(opt.ProbePeriod, DefaultProbePeriod)
	if opt.Jitter == nil {
		opt.Jitter = jitter
	}
	opt.Observer = store.ObserverOrNone(opt.Observer)
	ctx, cancel := context.WithCancel(context.Background())
	return &Forwarder{
		local: local, dest: dest, opt: opt,
		ctx: ctx, cancel: cancel, ended: make(chan struct{}), asking: make(chan struct{}, earlierAsks),
		state: forwardState{
			hurry: make(chan struct{}, 1), back: make(chan struct{}, 1), changed: make(chan struct{}),
			probed: make(chan struct{}), away: errNotReached,
		},
		doubtUpTo: local.LastSeq(),
		full:      true, // look at once
		troubles:  make(map[calendar.TradingDay]*trouble),
	}
}

// Start starts forwarding. A second call, or one after Close, does nothing.
func (f *Forwarder) Start() {
	f.start.Do(func() {
		var both sync.WaitGroup
		both.Go(f.run)
		both.Go(f.probe)
		go func() {
			both.Wait()
			close(f.ended)
		}()
	})
}

// Close stops forwarding and waits for the goroutines' end. It waits a few seconds at most for a batch
// whose COMMIT is on its way, which is then in doubt. Rows that are left stay in the local store; call
// Drain before to forward them. A second call does nothing.
func (f *Forwarder) Close() {
	f.stop.Do(f.cancel)
	f.start.Do(func() { close(f.ended) }) // never started: nothing to wait for
	<-f.ended
}

// HeldUp is for how long the forwarder has been at one step: a batch, or what it reads or removes locally around it. 0 while it waits
// for records. PostgreSQL bounds each batch by its patience, so that a longer step is one that will not return.
func (f *Forwarder) HeldUp() time.Duration {
	since := f.state.stepSince.Load()
	if since == nil {
		return 0
	}
	return time.Since(*since)
}

func (f *Forwarder) run() {
	backoff := f.opt.BackoffMin
	for f.await() {
		start := time.Now()
		f.state.stepSince.Store(&start)
		err := f.forward()
		f.state.stepSince.Store(nil)
		if f.ctx.Err() != nil {
			return
		}
		f.state.report(err)
		if err == nil {
			backoff = f.opt.BackoffMin
			if f.full && !f.state.waiting() && !f.yield(min(time.Since(start), maxYield)) {
				return
			}
			continue
		}
		if !f.pause(f.opt.Jitter(backoff)) {
			return
		}
		backoff = min(2*backoff, f.opt.BackoffMax)
		f.full = true // try again at once
	}
}

func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // G404: jitter is no secret
}

// await returns when there is a batch to send; false when the forwarder is closed.
func (f *Forwarder) await() bool {
	if f.full || len(f.untrimmed) > 0 {
		return f.ctx.Err() == nil
	}
	if !f.awaitSeq(f.sent+1, f.untilRetry(f.opt.IdlePoll)) {
		return false
	}
	return f.awaitSeq(f.sent+int64(f.opt.BatchRows), f.untilRetry(f.opt.BatchDelay))
}

// awaitSeq returns when seq is committed, after d, or at once while a caller is in Wait and there are
// rows; false when the forwarder is closed.
func (f *Forwarder) awaitSeq(seq int64, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for f.local.LastSeq() < seq {
		if f.state.waiting() && f.local.LastSeq() > f.sent {
			break
		}
		select {
		case <-f.local.Reached(seq):
		case <-f.state.hurry:
		case <-timer.C:
			return true
		case <-f.ctx.Done():
			return false
		}
	}
	return f.ctx.Err() == nil
}

// yield is a pause between two batches that PostgreSQL took; false when the forwarder is closed.
func (f *Forwarder) yield(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// pause is the pause after a failure, and ends when PostgreSQL is back; false when the forwarder is
// closed.
func (f *Forwarder) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-f.state.back:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// forward sends one batch, or one of each day, and removes locally what PostgreSQL has.
func (f *Forwarder) forward() error {
	if err := f.trim(); err != nil {
		return err
	}
	if f.byDay {
		return f.forwardDays()
	}
	committed := f.local.LastSeq() // before the read, which then sees all of them
	batch, err := f.local.Oldest(f.ctx, f.opt.BatchRows)
	if err != nil {
		return err
	}
	f.full = len(batch) == f.opt.BatchRows
	if len(batch) == 0 {
		f.done(committed)
		return nil
	}
	if first, rest := f.split(batch); len(rest) > 0 {
		batch, f.full = first, true
	}
	last := batch[len(batch)-1].Seq
	f.stored = nil
	if err := f.send(batch); err != nil {
		// The batch may be committed or not. The next attempt must not fail on rows that are there.
		f.doubtUpTo = max(f.doubtUpTo, last)
		if store.IsDayTrouble(err) {
			f.byDay, f.full = true, true
			return nil
		}
		return err
	}
	if !f.full {
		last = max(last, committed)
	}
	return f.finish(last)
}

// finish removes locally what was stored. All rows up to seq upTo are done with it, or are
// left. If we crash here, the rows are sent again as rows in doubt.
func (f *Forwarder) finish(upTo int64) error {
	f.untrimmed, f.trimmedTo, f.stored = f.stored, upTo, nil
	if !f.state.left.Load() { // else a waiter looks for its row, which must be removed before
		f.done(upTo)
	}
	return f.trim()
}

// trim removes locally what is in PostgreSQL. If that fails, it is tried again before more
// is read.
func (f *Forwarder) trim() error {
	if err := f.local.Trim(f.untrimmed, f.others); err != nil {
		return err
	}
	f.untrimmed, f.others = nil, nil
	f.done(f.trimmedTo)
	return nil
}

// done notes that all rows up to seq are in PostgreSQL or in quarantine, or are left here for
// their day's trouble.
func (f *Forwarder) done(seq int64) {
	if seq > f.sent {
		f.sent = seq
		f.state.advance(seq)
	}
}
