package front

import (
	"context"
	"net"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/session"
)

// loop is what one event loop owns; only that loop touches it, but for sweeping.
type loop struct {
	el       gnet.EventLoop
	conns    []*conn
	scratch  dialogue.Scratch
	sweeping atomic.Bool
}

// conn is one connection; only its loop touches it.
type conn struct {
	gc    gnet.Conn
	loop  *loop
	index int // in loop.conns
	dialogue.Dialogue
}

// Unsent is part of dialogue.Line.
func (c *conn) Unsent() int { return c.gc.OutboundBuffered() }

// Write is part of dialogue.Line. On an error gnet closes the connection: OnClose has run.
func (c *conn) Write(b []byte) { _, _ = c.gc.Write(b) }

// Later is part of dialogue.Line.
func (c *conn) Later(f func()) error {
	return c.loop.el.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
		f()
		c.closeIfOver()
		return nil
	}))
}

// closeIfOver closes the connection after work outside of gnet's own callbacks.
func (c *conn) closeIfOver() {
	if !c.Ended() && c.Closing() != session.StayOpen {
		_ = c.loop.el.Close(c.gc)
	}
}

// OnOpen takes a connection in, or closes it at once.
func (s *Server) OnOpen(gc gnet.Conn) (out []byte, action gnet.Action) {
	defer s.rescue(&action)
	if s.driver.Draining() {
		s.observer.ConnectionRefused(session.FrontDraining.String())
		return nil, gnet.Close
	}
	if s.connections.Load() >= int64(s.cfg.MaxConnections) {
		s.observer.ConnectionRefused(session.FrontFull.String())
		return nil, gnet.Close
	}
	s.connections.Add(1)
	l := s.loopOf(gc.EventLoop())
	c := &conn{gc: gc, loop: l, index: len(l.conns)}
	c.Dialogue = s.driver.Begin(c, &l.scratch, session.Peer{SessionID: s.nextID(), Addr: peerAddr(gc)}, time.Now())
	l.conns = append(l.conns, c)
	gc.SetContext(c)
	if err := gc.SetKeepAlivePeriod(keepAlive); err != nil {
		s.log.Debug("keep-alive not set", zap.Error(err))
	}
	s.observer.ConnectionOpened()
	return nil, gnet.None
}

// OnTraffic takes every whole frame that has come; a rest shorter than a frame stays.
func (s *Server) OnTraffic(gc gnet.Conn) (action gnet.Action) {
	c, ok := gc.Context().(*conn)
	if !ok {
		return gnet.Close
	}
	defer s.rescue(&action)
	buf, err := gc.Peek(-1) // valid until Discard; nothing of it leaves this function
	if err != nil {
		return gnet.Close
	}
	used := c.Receive(buf, time.Now())
	if c.Ended() {
		return gnet.None // a write failed, and gnet has closed it
	}
	if used > 0 { // Discard(0) would discard everything
		_, _ = gc.Discard(used)
	}
	if c.Closing() != session.StayOpen {
		return gnet.Close
	}
	return gnet.None
}

// OnClose takes a connection out. A login in flight goes on without it.
func (s *Server) OnClose(gc gnet.Conn, _ error) (action gnet.Action) {
	c, ok := gc.Context().(*conn)
	if !ok {
		return gnet.None // was never taken in
	}
	defer s.rescue(&action)
	c.loop.remove(c)
	s.connections.Add(-1)
	reason := session.PeerClosed
	if s.stopping.Load() {
		reason = session.FrontDraining
	}
	c.End(reason)
	return gnet.None
}

// rescue ends a callback that panicked: that one connection is closed, the others live. A
// panic inside of a dialogue does not come here, see there.
func (s *Server) rescue(action *gnet.Action) {
	if p := recover(); p != nil {
		s.log.Error("panic in a callback, connection closed", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		*action = gnet.Close
	}
}

func (s *Server) loopOf(el gnet.EventLoop) *loop {
	if l, ok := s.loops.Load(el); ok {
		return l.(*loop)
	}
	l := &loop{el: el}
	s.loops.Store(el, l)
	return l
}

// remove swaps the last connection into c's place.
func (l *loop) remove(c *conn) {
	last := len(l.conns) - 1
	l.conns[c.index] = l.conns[last]
	l.conns[c.index].index = c.index
	l.conns[last] = nil
	l.conns = l.conns[:last]
}

// nextID counts 1, 2, 3 … and starts over before it would turn negative.
func (s *Server) nextID() int32 {
	for {
		id := s.lastID.Add(1)
		if id > 0 {
			return id
		}
		s.lastID.CompareAndSwap(id, 0)
	}
}

// peerAddr copies the peer's address: unmapped, and without zone, which gnet keeps in
// pooled memory.
func peerAddr(gc gnet.Conn) netip.AddrPort {
	tcp, ok := gc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	addr, ok := netip.AddrFromSlice(tcp.IP)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(tcp.Port))
}

// orderSweep gives a loop the work of looking at its clocks, unless it still has some.
func (s *Server) orderSweep(l *loop) {
	if l.sweeping.Swap(true) {
		return
	}
	err := l.el.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
		defer l.sweeping.Store(false)
		s.sweep(l, time.Now())
		return nil
	}))
	if err != nil {
		l.sweeping.Store(false) // the engine is stopping
	}
}

// sweep runs backwards, since closing a connection swaps a later one into its place.
func (s *Server) sweep(l *loop, now time.Time) {
	for i := len(l.conns) - 1; i >= 0; i-- {
		c := l.conns[i]
		c.Tick(now)
		c.closeIfOver()
	}
}
