package client

import (
	"errors"
	"time"
)

// errMoved ends a connection to a front that takes no submissions.
var errMoved = errors.New("client: the front answers 8, the relay goes to another")

// errEndsUnanswered ends a connection to a front that does not answer TerminalEnd.
var errEndsUnanswered = errors.New("client: the front leaves TerminalEnds unanswered, and more wait than can have gone at once")

// urgentFirst is how many submissions of terminals that wait for their login go before one of a terminal that is reported again.
const urgentFirst = 3

// write sends until the connection has ended. The supervisor's goroutine runs it: a connection has two, this and the
// one that reads.
func (r *Relay) write(conn *Conn) {
	buf := make([]byte, 0, maxWriteLen)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var wait time.Duration
		var over error
		buf, wait, over = r.fill(buf[:0], time.Now())
		if over != nil {
			conn.end(over)
			return
		}
		if len(buf) > 0 {
			if conn.write(buf) != nil {
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-r.wake:
		case <-timer.C:
		case <-conn.Done():
			return
		}
	}
}

// idleWait is how long the writer waits if nothing but a wake can give it work.
const idleWait = time.Hour

// fill appends what may be sent now, or tells how long to wait for the next, or why the connection is to end.
func (r *Relay) fill(buf []byte, now time.Time) (out []byte, wait time.Duration, over error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.endsFull {
		return buf, 0, errEndsUnanswered
	}
	r.noteDrained() // what was taken before is written
	buf = r.fillEnds(buf)
	if !r.moveAt.IsZero() {
		left := r.moveAt.Sub(now)
		if len(buf) == 0 && (r.stats.Unanswered == 0 || left <= 0) {
			return buf, left, errMoved
		}
		return buf, left, nil
	}
	if left := r.pause.until.Sub(now); left > 0 {
		return buf, left, nil
	}
	for len(buf)+maxFrameLen <= maxWriteLen && r.stats.Unanswered < r.terms.Window {
		t := r.next()
		if t == nil {
			return buf, idleWait, nil
		}
		if !r.fresh(t, now) {
			continue
		}
		if wait := r.pace.take(now); wait > 0 {
			return buf, wait, nil
		}
		t.leave()
		buf = r.sendTerminal(buf, t)
	}
	return buf, idleWait, nil
}

func (r *Relay) fillEnds(buf []byte) []byte {
	n := 0
	for ; n < len(r.ends) && r.endsOut < maxEnds; n++ {
		out, err := appendTerminalEnd(buf, r.ends[n])
		if err != nil {
			continue // it cannot be: a SubmitID is always legal text
		}
		buf = out
		r.endsOut++
	}
	if r.ends = r.ends[n:]; len(r.ends) == 0 {
		r.ends = nil
	}
	return buf
}

// next is which terminal is next: mostly one that waits for its login. nil for none.
func (r *Relay) next() *terminal {
	if r.urgent.head != nil && (r.turn < urgentFirst || r.again.head == nil) {
		return r.urgent.head
	}
	return r.again.head
}

// fresh gives t another SubmitID where it needs one. It is false for a submission that may not be sent any more.
func (r *Relay) fresh(t *terminal, now time.Time) bool {
	old := now.Sub(t.id.Time()) > SubmitIDLife
	switch {
	case t.call != nil && old && t.doubt: // another SubmitID could be another record
		r.finish(t, Receipt{}, t.inDoubt(ErrInDoubt))
		r.forget(t)
		return false
	case !old && !t.redraw, t.call != nil && t.passed:
		return true
	}
	if t.id != t.name || !t.live {
		delete(r.terminals, t.id)
	}
	t.id = NewSubmitID(now)
	if !t.live {
		t.name = t.id
	}
	t.redraw, t.again, t.doubt = false, false, false
	r.terminals[t.id] = t
	return true
}

func (r *Relay) sendTerminal(buf []byte, t *terminal) []byte {
	t.stamp()
	t.state, t.round = sent, r.pause.round
	if r.turn++; t.live {
		r.turn = 0
	}
	r.stats.Unanswered++
	r.stats.Sent++
	if t.again {
		r.stats.SentAgain++
	}
	return append(buf, t.frame...)
}
