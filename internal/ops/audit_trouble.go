package ops

import (
	"fmt"
	"time"
)

// Trouble is nil while the log takes what it is given: the last write succeeded, none has
// been under way for long, nothing was dropped since, and nobody did anything to the file since it
// was last reopened. It is for the readiness.
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
// event loop: the observers hear of it from a goroutine of its own, for the alarm of one of
// them may go into the very pipe that is full.
func (a *Audit) drop() {
	a.dropped++
	a.trouble = ErrAuditFull
	if !a.telling {
		a.telling = true
		a.tellers.Go(a.tellDrops)
	}
}

// tellDrops tells of the first drop at once, then of all in each further period, and ends
// with the first period that had none, or with Close.
func (a *Audit) tellDrops() {
	tick := time.NewTicker(dropsTold)
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

// takeDropped is how many entries were dropped since it was last called. None ends the
// teller.
func (a *Audit) takeDropped() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.dropped
	a.dropped = 0
	a.telling = n > 0
	return n
}
