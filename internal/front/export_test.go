package front

import (
	"net"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// SetSweepPeriod is for tests that cannot wait a minute; before Start.
func (s *Server) SetSweepPeriod(d time.Duration) { s.period = d }

// PeerAddr is what a connection's addresses say.
var PeerAddr = peerAddr

// TakeInEvicted takes a connection that is evicted between its admission and its loop.
func (s *Server) TakeInEvicted(nc *net.TCPConn) (reason.Close, error) {
	c := &conn{server: s, listener: s.listeners[0]}
	c.admission.Owner = c
	refused := s.admit(c, peerAddr(nc.LocalAddr(), nc.RemoteAddr()), time.Now())
	s.evict(&c.admission)
	_, err := s.engine.EnrollContext(nc, c)
	return refused, err
}

// SetMaxHalfOpenRelays takes effect for the next connection.
func (s *Server) SetMaxHalfOpenRelays(n, ofSource int) {
	s.halfOpen.mu.Lock()
	defer s.halfOpen.mu.Unlock()
	s.halfOpen.bound, s.halfOpen.boundOfSource = n, ofSource
}

// HalfOpenSources is how many sources have half-open connections.
func (s *Server) HalfOpenSources() int {
	s.halfOpen.mu.Lock()
	defer s.halfOpen.mu.Unlock()
	return len(s.halfOpen.ofSource)
}

// Holding reports whether loops have been told to leave unread what terminals send.
func (s *Server) Holding() bool { return s.driver.Holding() }

// Unread is how many bytes the loops have read of connections and not used.
func (s *Server) Unread() (n int) {
	s.loops.Range(func(_, l any) bool {
		of := l.(*loop)
		read := make(chan int)
		s.execute(of.el, func() {
			sum := 0
			for _, c := range of.conns {
				sum += c.gc.InboundBuffered() + len(c.carried)
			}
			read <- sum
		})
		n += <-read
		return true
	})
	return n
}
