package online

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// Bounds of a batch. Each account that a login waits for is an advisory lock, of which a server has max_locks_per_transaction
// (64) for each connection that it allows.
const (
	maxAsked = 64
	maxTold  = 256
)

// run is the stream: it begins, serves until an error, and begins anew, until ctx ends.
func (c *Counter) run(ctx context.Context) {
	defer close(c.ended)
	defer c.register.Close()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		began := time.Now()
		err := c.serve(ctx)
		if ctx.Err() != nil {
			err = nil // it was closed, which is no trouble
		}
		c.fail(err)
		c.known()
		if time.Since(began) > steady {
			pause = 0
		}
		if !sleep(ctx, pause) {
			return
		}
		pause = min(max(2*pause, minPause), maxPause)
	}
}

// sleep reports whether the pause is over, and not ctx.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// known tells Await.
func (c *Counter) known() {
	select {
	case <-c.first:
	default:
		close(c.first)
	}
}

// serve writes all anew, and then tells what changes until the first error.
func (c *Counter) serve(ctx context.Context) error {
	begin, cancel := context.WithTimeoutCause(ctx, beginPatience, errBegin)
	defer cancel()
	if err := c.register.Begin(begin, c.all()); err != nil {
		return err
	}
	// PostgreSQL is asked once before logins wait for it: a right to begin is not yet one to ask.
	if err := c.tell(ctx, nil); err != nil {
		return err
	}
	c.decideTogether()
	c.known()
	probe := time.NewTicker(probePeriod)
	defer probe.Stop()
	for {
		select {
		case <-c.wake:
		case <-probe.C:
			if err := c.tell(ctx, nil); err != nil { // whether the connection and our rows are still there
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		for batch := c.next(); len(batch) > 0; batch = c.next() {
			if err := c.tell(ctx, batch); err != nil {
				return err
			}
		}
	}
}

// all is what this front holds. From now on what changes is in the queue.
func (c *Counter) all() []store.Online {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = writing
	all := make([]store.Online, 0, len(c.accounts))
	for _, a := range c.accounts {
		a.told = a.held
		all = append(all, store.Online{Account: a.name, Held: a.held})
	}
	return all
}

func (c *Counter) decideTogether() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.err = together, nil
}

// fail has logins decided alone, those that wait too.
func (c *Counter) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.err = alone, err
	c.decideAsking()
	for a := c.telling.pop(); a != nil; a = c.telling.pop() {
		a.tellable = false
		c.forget(a)
	}
}

// decideAsking decides alone what is in the queue of logins that wait.
func (c *Counter) decideAsking() {
	for a := c.asking.pop(); a != nil; a = c.asking.pop() {
		a.asked = false
		c.decideWaiting(a)
		c.forget(a)
	}
}

func (c *Counter) decideWaiting(a *account) {
	for _, waits := range a.waiting {
		if waits.gone {
			continue
		}
		if waits.unanswered {
			c.grantAlone(a)
		}
		waits.granted <- waits.unanswered
	}
	a.waiting = nil
}

// told is what a batch has of one account.
type told struct {
	account *account
	held    int32
	asks    []*ask
}

// next is the next batch, empty if there is nothing to tell.
func (c *Counter) next() (batch []told) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(batch) < maxAsked {
		a := c.asking.pop()
		if a == nil {
			break
		}
		a.asked, a.underway = false, true
		batch = append(batch, told{a, a.held, a.stillWaiting()})
	}
	for others := 0; others < maxTold; {
		a := c.telling.pop()
		if a == nil {
			break
		}
		switch a.tellable = false; {
		case a.underway: // in this batch
		case a.held == a.told:
			c.forget(a)
		default:
			others++
			a.underway = true
			batch = append(batch, told{account: a, held: a.held})
		}
	}
	return batch
}

// stillWaiting takes the logins that wait out of the account.
func (a *account) stillWaiting() (asks []*ask) {
	for _, waits := range a.waiting {
		if !waits.gone {
			asks = append(asks, waits)
		}
	}
	a.waiting = nil
	return asks
}

// tell sends a batch, and gives logins what was granted.
func (c *Counter) tell(ctx context.Context, batch []told) error {
	ctx, cancel := context.WithTimeoutCause(ctx, changePatience, errChange)
	defer cancel()
	overdue := time.AfterFunc(Patience, c.waitNoMore)
	some := make([]store.Online, len(batch))
	for i := range batch {
		some[i] = store.Online{Account: batch[i].account.name, Held: batch[i].held, Asked: int32(len(batch[i].asks))}
	}
	granted, err := c.register.Change(ctx, c.bound, some)
	inTime := overdue.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != slow || err != nil:
	case !inTime:
		c.late = time.Now()
	case time.Since(c.late) >= probePeriod:
		c.state, c.err = together, nil
	}
	for i := range batch {
		if err != nil {
			c.undecided(&batch[i])
		} else {
			c.decided(&batch[i], granted[i])
		}
	}
	return err
}

// waitNoMore grants the logins that wait alone, since a batch is late, and those that come, until PostgreSQL has answered in time again.
func (c *Counter) waitNoMore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != together {
		return
	}
	c.state, c.late, c.err = slow, time.Now(), errSlow
	c.decideAsking()
}

// undecided puts the logins of a batch that failed back to those that wait; fail decides them.
func (c *Counter) undecided(t *told) {
	a := t.account
	a.underway = false
	a.waiting = append(t.asks, a.waiting...)
	c.toAsk(a)
}

// decided gives logins what was granted. One that waits no more may have been granted alone: what was granted for it is used up. If it
// was not, PostgreSQL is told so.
func (c *Counter) decided(t *told, granted int32) {
	a := t.account
	a.underway, a.told = false, t.held+granted
	for _, waits := range t.asks {
		if waits.gone && granted > 0 {
			granted--
		}
	}
	for _, waits := range t.asks {
		switch {
		case waits.gone:
		case granted > 0:
			granted--
			a.held++
			waits.granted <- true
		default:
			waits.granted <- false
		}
	}
	if len(a.waiting) > 0 {
		c.toAsk(a)
	}
	c.toTell(a)
	c.forget(a)
}
