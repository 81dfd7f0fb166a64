package logs

import (
	"fmt"
	"time"
)

// Trouble is nil while the log works: the last write succeeded, none takes long, no entry was
// dropped since, and the file was not changed by others since it was last reopened. It is for the
// readiness.
func (a *Audit) Trouble() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.trouble != nil {
		return a.trouble
	}
	if a.writing > 0 {
		if d := time.Since(a.since); d >= stalledAfter {
			return fmt.Errorf("audit log: a write of %d entries has not returned for %v", a.writing, d.Truncate(time.Second))
		}
	}
	return a.fileTrouble
}

// drop counts an entry that found the queue full. mu is held, and the caller may be an
// event loop: a goroutine of its own calls the observers, because one of them may write its alarm
// to the very pipe that is full.
func (a *Audit) drop() {
	a.dropped++
	a.trouble = ErrAuditFull
	if !a.reporting {
		a.reporting = true
		a.helpers.Go(a.reportDrops)
	}
}

// reportDrops reports the first drop at once, then all of each further period, and ends with the
// first period that had none, or with Close.
func (a *Audit) reportDrops() {
	tick := time.NewTicker(dropPeriod)
	defer tick.Stop()
	for {
		n := a.takeDropped()
		if n == 0 {
			return
		}
		a.failed(n, ErrAuditFull)
		select {
		case <-tick.C:
		case <-a.closing: // nothing is dropped any more
		}
	}
}

// takeDropped is how many entries were dropped since it was last called. None ends
// reportDrops.
func (a *Audit) takeDropped() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.dropped
	a.dropped = 0
	a.reporting = n > 0
	return n
}
