package front

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A front that is to be handed over to another process goes through three stages, and comes back from each by Release:
//
//	serving ──Hold──▶ holding ──Park──▶ parked ── the process ends
//	   ▲                 │                │
//	   └────Release──────┴────────────────┘
//
// Holding, it accepts nothing, and leaves what terminals send unread; new connections wait in the kernel's queue. Parked, its loops
// do nothing at all: they read nothing, so that what arrives stays in the sockets for the other process.
//
// If we crash in here, the sockets close, unless the other process has them by then; see docs/design.md, "Live upgrade".

// held lets acceptors wait while the front holds.
type held struct {
	mu  sync.Mutex
	now *holding // nil while nothing is held
}

type holding struct {
	running int           // acceptors that do not wait yet; under held.mu
	all     chan struct{} // closed when all wait
	release chan struct{}
}

// begin has that many acceptors to wait for.
func (h *held) begin(acceptors int) *holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = &holding{running: acceptors, all: make(chan struct{}), release: make(chan struct{})}
	return h.now
}

// end is what was held, nil if nothing was.
func (h *held) end() *holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.now
	h.now = nil
	return was
}

// wait is for an acceptor that is told to wait; false if the front stops.
func (h *held) wait(closing <-chan struct{}) bool {
	h.mu.Lock()
	now := h.now
	if now != nil {
		if now.running--; now.running == 0 {
			close(now.all)
		}
	}
	h.mu.Unlock()
	if now == nil {
		return true // Release came first
	}
	select {
	case <-now.release:
		return true
	case <-closing:
		return false
	}
}

// holdPoll is how often Hold looks whether logins are answered.
const holdPoll = time.Millisecond

// Hold accepts no connection and reads no frame from now on, and returns once no login is on its way. If ctx ends before, the
// error tells how many are left; Release is to be called after an error too.
func (s *Server) Hold(ctx context.Context) error {
	if s.driver.Draining() {
		return errStopping
	}
	now := s.held.begin(acceptors * len(s.listeners))
	for _, l := range s.listeners {
		if err := l.SetDeadline(time.Unix(1, 0)); err != nil {
			return fmt.Errorf("front: hold %v: %w", l.Addr(), err)
		}
	}
	select {
	case <-now.all:
	case <-ctx.Done():
		return fmt.Errorf("front: acceptors do not wait: %w", ctx.Err())
	}
	s.driver.Hold(true)
	// A loop that has begun with what it read may not have seen that: once it has done other work, it has, and what it let go counts.
	if err := s.onLoops(ctx, func(*loop) {}); err != nil {
		return fmt.Errorf("front: an event loop does not respond: %w", err)
	}
	for s.driver.LoginsInFlight() > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("front: %d logins are not answered yet: %w", s.driver.LoginsInFlight(), ctx.Err())
		case <-time.After(holdPoll):
		}
	}
	return nil
}

// Release undoes Hold and Park: the front serves on as if nothing had been.
func (s *Server) Release() {
	was := s.held.end()
	s.driver.Hold(false)
	if was == nil {
		return // it was taken, and has not held yet
	}
	for _, l := range s.listeners {
		_ = l.SetDeadline(time.Time{})
	}
	close(was.release)
}

// Park stops the loops of a front that holds, until Release, and returns what another process needs to go on with its
// connections, or an error if a login has come between. Nothing may be on its way from a trading core. The descriptors are the
// front's own: they are valid until Release, and are to be sent, not closed.
func (s *Server) Park(ctx context.Context) (*Handover, error) {
	s.held.mu.Lock()
	now := s.held.now
	s.held.mu.Unlock()
	if now == nil {
		return nil, errStopping
	}
	var loops []*loop
	s.loops.Range(func(_, l any) bool {
		loops = append(loops, l.(*loop))
		return true
	})
	images := make(chan []Moved, len(loops))
	for _, l := range loops {
		if !s.execute(l.el, func() {
			select {
			case <-now.release: // it was too late
				return
			default:
			}
			images <- s.park(l)
			<-now.release
		}) {
			return nil, errStopping
		}
	}
	h := &Handover{LastID: s.lastID.Load()}
	for range loops {
		select {
		case some := <-images:
			h.Moved = append(h.Moved, some...)
		case <-ctx.Done():
			return nil, fmt.Errorf("front: an event loop does not respond: %w", ctx.Err())
		}
	}
	// Hold has waited for each loop, so there is none: a front that hands one over would answer it nowhere.
	if n := s.driver.LoginsInFlight(); n > 0 {
		return nil, fmt.Errorf("front: %d logins began while the front began to hold", n)
	}
	for _, l := range s.listeners {
		h.Listeners = append(h.Listeners, l.TCPListener)
	}
	return h, nil
}
