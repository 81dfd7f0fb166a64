package front

import (
	"sync/atomic"
	"time"
)

// logLimit keeps a repeated failure at a listener from filling the log: it is logged once a
// minute. The metric counts each.
type logLimit struct{ last atomic.Int64 }

func (t *logLimit) shouldLog(now time.Time) bool {
	last := t.last.Load()
	return now.UnixNano()-last >= int64(logPeriod) && t.last.CompareAndSwap(last, now.UnixNano())
}

const logPeriod = time.Minute
