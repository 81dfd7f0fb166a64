package forward

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// probeTimeout bounds a probe. So soon a forwarder knows that PostgreSQL is out of reach, also while it has nothing to
// send: a server that refuses is known at the next probe, after Options.ProbePeriod at most; one that is frozen, or behind a
// network that swallows everything, within the sum of both.
const probeTimeout = 2 * time.Second

// errNotReached is what is known before the first probe has come back.
var errNotReached = errors.New("store: PostgreSQL was not reached yet")

// probe asks the destination every Options.ProbePeriod, beside the batches: a batch that hangs
// would learn it only after its patience.
func (f *Forwarder) probe() {
	tick := time.NewTicker(f.opt.ProbePeriod)
	defer tick.Stop()
	for first := true; ; first = false {
		ctx, cancel := context.WithTimeoutCause(f.ctx, probeTimeout, errProbe)
		err := f.dest.Probe(ctx)
		cancel()
		if f.ctx.Err() != nil {
			return
		}
		f.state.noteProbe(err)
		if first {
			close(f.state.probed)
		}
		select {
		case <-tick.C:
		case <-f.ctx.Done():
			return
		}
	}
}

var errProbe = fmt.Errorf("PostgreSQL does not answer within %v", probeTimeout)

// AwaitProbe returns when it is known whether PostgreSQL can be reached, probeTimeout after
// Start at the latest. Before that, logins that wait for PostgreSQL are answered 8.
func (f *Forwarder) AwaitProbe(ctx context.Context) {
	select {
	case <-f.state.probed:
	case <-f.ended:
	case <-ctx.Done():
	}
}

// noteProbe notes what a probe said, nil if PostgreSQL takes records. When it does again, the forwarder need not sit out
// its pause.
func (s *forwardState) noteProbe(err error) {
	s.mu.Lock()
	back := s.away != nil && err == nil
	s.away = err
	s.mu.Unlock()
	if back {
		select {
		case s.back <- struct{}{}:
		default:
		}
	}
}

// unreachable is why a login should not begin to wait for PostgreSQL: it is known to be away, or not
// to take records of that day, or a batch has been on its way for longer than the login would wait.
func (f *Forwarder) unreachable(patience time.Duration, day calendar.TradingDay) error {
	if err := f.LastError(); err != nil {
		return err
	}
	if err := f.state.blocked(day); err != nil {
		return err
	}
	if since := f.state.batchSince.Load(); since != nil && time.Since(*since) > patience {
		return fmt.Errorf("store: PostgreSQL does not answer a batch for %v", patience)
	}
	return nil
}
