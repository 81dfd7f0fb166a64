package coresim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Errors of Serve.
var (
	ErrClosed  = errors.New("core-sim was closed")
	ErrCrashed = errors.New("core-sim crashed on command")
)

// Server is a core-sim: an engine and its connections.
type Server struct {
	o     Options
	stall stall
	done  chan struct{} // closed by Close and Crash

	mu        sync.Mutex
	engine    *engine
	earlier   []Counters // instances before this one
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	controls  map[net.Conn]struct{}
	ended     error // ErrClosed or ErrCrashed
	running   sync.WaitGroup
}

// New makes a core-sim that serves nothing yet.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("core-sim: %w", err)
	}
	s := &Server{
		o: o, done: make(chan struct{}), listeners: map[net.Listener]struct{}{}, conns: map[*conn]struct{}{}, controls: map[net.Conn]struct{}{},
	}
	var err error
	if s.engine, err = newEngine(&s.o); err != nil {
		return nil, fmt.Errorf("core-sim: %w", err)
	}
	s.o.Logger.Warn("core-sim is no trading core: it keeps everything in memory and matches a toy book",
		zap.String("core_id", o.CoreID), zap.String("instance", o.Instance), zap.Int32("term", o.Term))
	s.running.Go(s.timers)
	return s, nil
}

// Serve takes fronts from a listener until Close or Crash. It may be called for several listeners at once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.ended != nil {
		defer s.mu.Unlock()
		_ = l.Close()
		return s.ended
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	for {
		c, err := l.Accept()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.ended != nil {
				return s.ended
			}
			delete(s.listeners, l)
			return fmt.Errorf("core-sim: accept: %w", err)
		}
		s.take(c)
	}
}

// take begins a link on a connection.
func (s *Server) take(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil || len(s.conns) >= MaxLinks {
		_ = c.Close()
		return
	}
	k := &conn{s: s, c: c, wake: make(chan struct{}, 1)}
	k.drained.L = &s.mu
	s.conns[k] = struct{}{}
	s.running.Go(k.run)
}

// Close ends all links and listeners, and returns when nothing runs any more.
func (s *Server) Close() error {
	s.end(ErrClosed)
	s.running.Wait()
	return nil
}

// Crash is the command crash: every connection ends at once, with nothing said.
func (s *Server) Crash() {
	s.end(ErrCrashed)
	if s.o.Crash != nil {
		s.o.Crash()
	}
}

func (s *Server) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return
	}
	s.ended = why
	close(s.done)
	for l := range s.listeners {
		_ = l.Close()
	}
	for k := range s.conns {
		k.hangUp()
	}
	for c := range s.controls {
		_ = c.Close()
	}
}

// timers lets the engine look at the time.
func (s *Server) timers() {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
			s.with(func(e *engine) { e.tick(s.o.Now()) })
		}
	}
}

// with calls do with the engine, and lets the links' writers send what came of it.
func (s *Server) with(do func(e *engine)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine.now = s.o.Now()
	do(s.engine)
	s.wake(nil)
}

// wake tells the writers of all links but own that something waits for them. The mutex is held.
func (s *Server) wake(own *link) {
	e := s.engine
	for _, l := range e.dirty {
		l.dirty = false
		if l == own || l.io == nil {
			continue
		}
		select {
		case l.io.wake <- struct{}{}:
		default:
		}
	}
	clear(e.dirty)
	e.dirty = e.dirty[:0]
}

// Report is what this core-sim saw, the instances before a restart included.
func (s *Server) Report() *Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.engine.reportNow()
	r.Instances = append(append([]Counters{}, s.earlier...), r.Instances...)
	return &r
}

// Instance is the UUID of the instance that runs.
func (s *Server) Instance() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.instance
}

// Records are the RecordIDs with which fronts opened or resumed sessions at this instance.
func (s *Server) Records() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.engine.records...)
}

// Series is that of a user's private flow; 0 if the account does not exist.
func (s *Server) Series(user string) uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.engine.accounts[user]; a != nil {
		return a.flow.series
	}
	return 0
}

// restart makes another instance in this process; every link ends.
func (s *Server) restart() (err error) {
	s.with(func(e *engine) {
		s.earlier = append(s.earlier, e.count.clone())
		err = e.newInstance()
	})
	return err
}

// stall holds up reading and writing.
type stall struct {
	mu      sync.Mutex
	until   time.Time
	changed chan struct{}
}

// set stalls for d from now; 0 ends it.
func (t *stall) set(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = time.Now().Add(d)
	if t.changed != nil {
		close(t.changed)
	}
	t.changed = make(chan struct{})
}

// wait returns when there is no stall, or the server ends.
func (t *stall) wait(done <-chan struct{}) {
	for {
		t.mu.Lock()
		left, changed := time.Until(t.until), t.changed
		t.mu.Unlock()
		if changed == nil || left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
		case <-done:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// handshake does that of TLS, if the listener has it.
func handshake(c net.Conn) error {
	t, ok := c.(*tls.Conn)
	if !ok {
		return nil
	}
	_ = t.SetDeadline(time.Now().Add(handshakeTimeout))
	if err := t.Handshake(); err != nil {
		return err
	}
	if p := t.ConnectionState().NegotiatedProtocol; p != ALPN {
		return fmt.Errorf("ALPN negotiated %q, want %s", p, ALPN)
	}
	return t.SetDeadline(time.Time{})
}
