package client

import "time"

// moveGrace is how long a Relay that leaves a front for another waits for the answers of what it sent there; moveEvery
// is how often it leaves one.
const (
	moveGrace = 5 * time.Second
	moveEvery = 30 * time.Second
)

// receive takes what only relays get. It runs on the reader's goroutine, and so does OnEvent.
func (r *Relay) receive(e *Event) {
	id, known := e.SubmitID()
	r.mu.Lock()
	var event RelayEvent
	t := r.terminals[id]
	if !known || t == nil || t.id != id {
		t = nil
	}
	switch {
	case e.Kind == TerminalEnded:
		r.endsOut = max(r.endsOut-1, 0)
	case e.Kind == TerminalExit:
		event = r.exited(t, e.Exit())
	case t == nil || t.state != sent:
		r.stats.Unmatched++
	case e.Kind == Submitted:
		event = r.recorded(t, e.Receipt())
	case e.Kind == SubmitRefused:
		event = r.refused(t, e.Refusal)
	}
	r.mu.Unlock()
	r.poke()
	r.tell(event)
}

func (r *Relay) tell(e RelayEvent) {
	if e.Kind != 0 && r.o.OnEvent != nil {
		r.o.OnEvent(e)
	}
}

// recorded is the answer 0 to t.
func (r *Relay) recorded(t *terminal, receipt Receipt) (e RelayEvent) {
	r.stats.Unanswered--
	r.stats.Recorded++
	r.pause.accepted()
	switch {
	case t.call != nil:
		t.live = true
		r.stats.Live++
		r.finish(t, receipt, nil)
	case t.live:
		e = RelayEvent{Kind: RelayTerminalReported, Terminal: t.name, Receipt: receipt}
	default: // nothing waits for it any more
		r.end(t.id)
		r.forget(t)
		return e
	}
	t.state, t.reported, t.again, t.doubt = idle, true, false, false
	if r.o.Resubmit == ResubmitUnanswered {
		t.frame = nil
	}
	return e
}

// refused is any other answer to t.
func (r *Relay) refused(t *terminal, why *Error) RelayEvent {
	r.stats.Unanswered--
	r.stats.Refused++
	t.again = true
	if why.Code == 8 { // the front did not say whether it was recorded
		t.doubt = true
		r.move()
	}
	switch {
	case t.call == nil && !t.live:
		r.forget(t)
	case why.Code == 90 || why.Code == 8 || why.Code == 7 && t.live:
		r.pause.refused(t.round, time.Now())
		if t.live {
			r.again.pushFront(t)
		} else {
			t.call.last = why
			r.urgent.pushFront(t)
		}
	case t.call != nil:
		r.finish(t, Receipt{}, why)
		r.forget(t)
	default:
		name := t.name
		r.stats.Live--
		r.forget(t)
		return RelayEvent{Kind: RelayTerminalRefused, Terminal: name, Err: why}
	}
	return RelayEvent{}
}

// exited is a terminal that the front ends.
func (r *Relay) exited(t *terminal, why *ForceExit) RelayEvent {
	switch {
	case t != nil && t.call != nil && t.state == sent: // its answer is still on its way
		r.stats.Exits++
		r.finish(t, Receipt{}, why)
		return RelayEvent{}
	case t == nil || !t.live:
		r.stats.Unmatched++
		return RelayEvent{}
	}
	name := t.name
	if t.state == sent {
		r.stats.Unanswered--
	}
	r.stats.Exits++
	r.stats.Live--
	r.forget(t)
	return RelayEvent{Kind: RelayTerminalExit, Terminal: name, Err: why}
}

// move leaves the front, which does not take submissions, for another, once all is answered.
func (r *Relay) move() {
	now := time.Now()
	if r.others(now) && r.moveAt.IsZero() && now.Sub(r.lastMove) >= moveEvery {
		r.moveAt, r.lastMove = now.Add(moveGrace), now
	}
}
