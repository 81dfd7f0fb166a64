package front

import (
	"time"

	"go.uber.org/zap"
)

const (
	// sweepPeriod is how often the clocks of each session are looked at. A loop does it in
	// sweepParts, so that tens of thousands of idle connections delay no login.
	sweepPeriod = 500 * time.Millisecond
	sweepParts  = 10

	// maxMissed parts in a row, a minute's, that a loop was not ready for, and it counts as
	// ended. Parts are counted and not seconds: a process that was stopped, and runs again,
	// has missed none.
	maxMissed = 120 * sweepParts

	// maxStall is how long a loop may leave its sweep and still judge clocks by it.
	maxStall = time.Second
)

// tick hands each loop the work of looking at its clocks, until all have ended. A loop
// that does not respond serves no terminal, and only a restart helps.
func (s *Server) tick() {
	ticker := time.NewTicker(s.period / sweepParts)
	defer ticker.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-ticker.C:
		}
		s.loops.Range(func(_, l any) bool {
			s.orderSweep(l.(*loop))
			return true
		})
	}
}

// orderSweep gives a loop its work, unless it still has some.
func (s *Server) orderSweep(l *loop) {
	if l.sweeping.Swap(true) {
		if l.missed.Add(1) == maxMissed {
			s.fail(errStuck)
		}
		return
	}
	l.missed.Store(0)
	ordered := time.Now()
	if !s.execute(l.el, func() {
		defer l.sweeping.Store(false)
		now := time.Now()
		s.observer.LoopLag(now.Sub(ordered))
		if !l.spares(now) {
			s.sweep(l, now)
		}
		s.resumePaused(l, now)
	}) {
		l.sweeping.Store(false) // the front is stopping
	}
}

// spares reports whether this part of the sweep is left out. After a stall (of the loop, or of a process that was stopped) what
// terminals sent meanwhile is still in their sockets, heartbeats too, of which gnet reads some before each part: by their clocks all
// terminals would be gone. So one round is left out. The next is not, so that a loop which is always late ends connections too.
func (l *loop) spares(now time.Time) bool {
	stalled := !l.sweptAt.IsZero() && now.Sub(l.sweptAt) > maxStall
	l.sweptAt = now
	switch {
	case l.sparing > 0:
	case stalled:
		l.sparing = 2 * sweepParts
	default:
		return false
	}
	l.sparing--
	return l.sparing >= sweepParts
}

// sweep goes on where the last part ended, backwards: closing a connection swaps the last
// into its place, which was looked at already.
func (s *Server) sweep(l *loop, now time.Time) {
	for range (len(l.conns) + sweepParts - 1) / sweepParts {
		if l.swept = min(l.swept, len(l.conns)); l.swept == 0 {
			l.swept = len(l.conns)
		}
		if l.swept == 0 {
			return // the last connection has just been closed
		}
		l.swept--
		l.conns[l.swept].sweep(now)
	}
}

func (c *conn) sweep(now time.Time) {
	defer c.rescue()
	defer c.unlock(c.lock())
	if !c.overdue(now) {
		c.Tick(now)
	}
	c.endIfBanned(now)
	c.closeIfOver()
	c.caughtUp()
}

// LoopsHeldUp is for how long the event loop that is most behind has not taken up its work, in steps of 50 ms; 0 if all loops run.
func (s *Server) LoopsHeldUp() (behind time.Duration) {
	s.loops.Range(func(_, l any) bool {
		behind = max(behind, time.Duration(l.(*loop).missed.Load())*s.period/sweepParts)
		return true
	})
	return behind
}

func (s *Server) fail(err error) {
	s.log.Error("the front cannot go on", zap.Error(err))
	select {
	case s.failed <- err:
	default:
	}
}
