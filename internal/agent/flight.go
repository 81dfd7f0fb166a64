package agent

import (
	"context"
	"slices"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// flight is a submission of a relay below whose answer is awaited. The same submission that comes meanwhile, on that connection or on
// another, waits for the same answer; it counts in the window of the connection that it came on, as any.
type flight struct {
	key  flightKey
	from int32         // the session that it came on first
	on   []int32       // those that it came on and that have not ended, the last one last
	done chan struct{} // closed once the answer is known

	// The answer, one of them; set before done is closed.
	receipt *session.SubmitReceipt
	refused *refusal
}

// flightKey is which submission one is: by its content, since a relay may use a SubmitID twice.
type flightKey struct {
	id  client.SubmitID
	sum contentSum
}

// board begins a flight, or joins that of the same submission; v.mu is held.
func (v *visits) board(on int32, key flightKey) (f *flight, first bool) {
	if f = v.flights[key]; f != nil {
		f.leave(on)
		f.on = append(f.on, on)
		return f, false
	}
	f = &flight{key: key, from: on, on: []int32{on}, done: make(chan struct{})}
	if v.flights == nil {
		v.flights = make(map[flightKey]*flight)
	}
	v.flights[key] = f
	v.inFlight++
	return f, true
}

func (f *flight) leave(session int32) {
	f.on = slices.DeleteFunc(f.on, func(id int32) bool { return id == session })
}

// land ends a flight by its answer. The terminal is of the connection on which it came last, of those that are there; if none is,
// of the first, whose Unanswered ends it. The end of the terminal that a front sent before the answer is returned.
func (v *visits) land(f *flight, receipt *session.SubmitReceipt, refused *refusal) (end client.RelayEvent, ended bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.flights, f.key)
	f.receipt, f.refused = receipt, refused
	close(f.done)
	if receipt != nil {
		of := f.from
		if n := len(f.on); n > 0 {
			of = f.on[n-1]
		}
		v.putBelow(f.key.id, visitBelow{of, f.key.sum, receipt})
		end, ended = v.early[f.key.id]
	}
	v.known()
	return end, ended
}

// giveUp notes that a session does not wait for the flight any more.
func (v *visits) giveUp(f *flight, session int32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f.leave(session)
}

// join waits for the answer to the same submission, which came before.
func (a *Agent) join(ctx context.Context, peer session.Peer, f *flight, e logs.Entry) session.Outcome {
	select {
	case <-f.done:
	case <-ctx.Done():
		a.visits.giveUp(f, peer.SessionID)
		return a.refuse(e, &refusal{reason: reason.StoreInDoubt}) // the front may have recorded it
	}
	if f.refused != nil {
		return a.refuse(e, f.refused)
	}
	return a.resubmitted(f.receipt, e)
}

// resubmitted answers a submission by what was recorded of it before.
func (a *Agent) resubmitted(before *session.SubmitReceipt, e logs.Entry) session.Outcome {
	e.Reason = reason.Resubmitted.String()
	a.acceptedBelow(e, before)
	return session.Outcome{Submitted: before}
}
