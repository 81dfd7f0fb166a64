package agent

import (
	"sync/atomic"
	"time"
)

// MaxSkew is how far the clocks of an agent and a front may be apart.
const MaxSkew = 60 * time.Second

// skew is how far this clock is ahead of the front's, as its last answer said.
type skew struct{ ahead atomic.Int64 }

func (s *skew) note(now, theirs time.Time) {
	if !theirs.IsZero() {
		s.ahead.Store(int64(now.Sub(theirs)))
	}
}

// ClockAhead is how far this machine's clock was ahead of the front's when that answered last, to the second.
func (a *Agent) ClockAhead() time.Duration {
	return time.Duration(a.clock.ahead.Load()).Round(time.Second)
}
