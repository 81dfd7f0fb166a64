package front

import (
	"sync"
	"time"
)

// logLimit keeps a repeated failure at a listener from filling the log: it is logged once a
// minute. The metric counts each.
type logLimit struct {
	mu   sync.Mutex
	last time.Time // by the monotonic clock: one that is set back silences nothing
}

func (t *logLimit) shouldLog(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.last.IsZero() && now.Sub(t.last) < logPeriod {
		return false
	}
	t.last = now
	return true
}

const logPeriod = time.Minute
