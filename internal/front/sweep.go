package front

import (
	"time"

	"go.uber.org/zap"
)

const (
	sweepPeriod = 500 * time.Millisecond // how often the clocks of sessions are looked at

	// maxMissed sweeps in a row, a minute's, that a loop was not ready for, and it counts
	// as ended. Sweeps are counted and not seconds: a process that was stopped, and runs
	// again, has missed none.
	maxMissed = 120
)

// tick hands each loop the work of looking at its clocks, until all have ended. A loop
// that does not answer serves nobody, and only a restart helps.
func (s *Server) tick() {
	ticker := time.NewTicker(s.period)
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
		if l.missed++; l.missed == maxMissed {
			s.fail(errStuck)
		}
		return
	}
	l.missed = 0
	if !s.execute(l.el, func() {
		defer l.sweeping.Store(false)
		s.sweep(l, time.Now())
	}) {
		l.sweeping.Store(false) // the front is stopping
	}
}

// sweep runs backwards, since closing a connection swaps a later one into its place.
func (s *Server) sweep(l *loop, now time.Time) {
	for i := len(l.conns) - 1; i >= 0; i-- {
		c := l.conns[i]
		if !c.overdue(now) {
			c.Tick(now)
		}
		c.closeIfOver()
	}
}

func (s *Server) fail(err error) {
	s.log.Error("the front cannot go on", zap.Error(err))
	select {
	case s.failed <- err:
	default:
	}
}
