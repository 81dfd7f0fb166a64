package wiretrace

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/show"
)

const (
	// MaxFor is how long a trace may run.
	MaxFor = 10 * time.Minute
	// queued is how many events wait for the operator's stream.
	queued = 1024
	// perSecond is how many events are decoded in a second: the event loops do it, at some 10 µs each.
	perSecond = 2000
)

// Tapped shows its frames to a tap; it is the front.
type Tapped interface{ SetTap(tap dialogue.Tap) }

// Tracer starts traces, one at a time.
type Tracer struct {
	mu      sync.Mutex
	running *Run
}

// BusyError says that a trace runs already.
type BusyError struct {
	by    string
	of    netip.Prefix
	until time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s traces %s until %s, and one trace runs at a time", e.by, e.of, show.Time(e.until))
}

// Run is a trace: the tap of a front. Make it with Tracer.Start, and end it with Stop.
type Run struct {
	tracer *Tracer
	front  Tapped
	of     netip.Prefix
	by     string
	until  time.Time

	events  chan Event
	dropped atomic.Int64

	mu     sync.Mutex
	second int64 // of the Unix time
	count  int   // in that second
}

// Start begins to trace the terminals of a network, for an operator. The error is a *BusyError if a trace runs.
func (t *Tracer) Start(front Tapped, of netip.Prefix, by string, until time.Time) (*Run, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running != nil {
		return nil, &BusyError{t.running.by, t.running.of, t.running.until}
	}
	t.running = &Run{tracer: t, front: front, of: of, by: by, until: until, events: make(chan Event, queued)}
	front.SetTap(t.running)
	return t.running, nil
}

// Stop ends the trace. What is queued can still be read.
func (r *Run) Stop() {
	r.tracer.mu.Lock()
	defer r.tracer.mu.Unlock()
	if r.tracer.running == r {
		r.tracer.running = nil
		r.front.SetTap(nil)
	}
}

// Events are those that were decoded. The channel is never closed.
func (r *Run) Events() <-chan Event { return r.events }

// TakeDropped is how many events were dropped since it was last called.
func (r *Run) TakeDropped() int { return int(r.dropped.Swap(0)) }

// Wants is part of dialogue.Tap.
func (r *Run) Wants(peer session.Peer) bool { return r.of.Contains(peer.Addr.Addr()) }

// Received is part of dialogue.Tap.
func (r *Run) Received(peer session.Peer, frame []byte) {
	if r.mayShow() {
		r.put(peer, Event{Kind: KindReceived, Frame: decode(frame, true)})
	}
}

// Malformed is part of dialogue.Tap.
func (r *Run) Malformed(peer session.Peer, fault string, rest []byte) {
	if !r.mayShow() {
		return
	}
	e := Event{Kind: KindMalformed, Reason: fault}
	if len(rest) > 0 {
		e.Frame = &Frame{Problems: []string{header(rest, nil)}}
	}
	r.put(peer, e)
}

// Sent is part of dialogue.Tap.
func (r *Run) Sent(peer session.Peer, frames []byte) {
	for len(frames) > 0 {
		_, n, err := ftd.DecodeFrame(frames, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			n = len(frames) // the front writes whole frames
		}
		if r.mayShow() {
			r.put(peer, Event{Kind: KindSent, Frame: decode(frames[:n], false)})
		}
		frames = frames[n:]
	}
}

// Ended is part of dialogue.Tap.
func (r *Run) Ended(peer session.Peer, why reason.Close) {
	if r.mayShow() {
		r.put(peer, Event{Kind: KindClosed, Reason: why.String()})
	}
}

// mayShow reports whether there is room for one more event; if not it is dropped before anything is decoded.
func (r *Run) mayShow() bool {
	now := time.Now().Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.second != now {
		r.second, r.count = now, 0
	}
	if r.count >= perSecond || len(r.events) == cap(r.events) {
		r.dropped.Add(1)
		return false
	}
	r.count++
	return true
}

func (r *Run) put(peer session.Peer, e Event) {
	e.Time, e.SessionID, e.Address = time.Now(), peer.SessionID, peer.Addr.String()
	select {
	case r.events <- e:
	default:
		r.dropped.Add(1)
	}
}
