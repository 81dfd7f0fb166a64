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

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/session"
)

// loop is what one event loop owns; only that loop touches it, but for sweeping.
type loop struct {
	el       gnet.EventLoop
	conns    []*conn
	fx       session.Effects
	out      []byte // gathers what all frames of one read say, for one write
	sweeping atomic.Bool
}

// conn is one connection; only its loop touches it.
type conn struct {
	gc       gnet.Conn
	loop     *loop
	index    int // in loop.conns
	peer     session.Peer
	session  session.Session
	answered bool // a login of this session was answered: Ended is owed
	closing  session.CloseReason
	closed   bool
}

// OnOpen takes a connection in, or closes it at once.
func (s *Server) OnOpen(gc gnet.Conn) (out []byte, action gnet.Action) {
	defer s.rescue(nil, &action)
	if s.draining.Load() {
		s.observer.ConnectionRefused(session.FrontDraining.String())
		return nil, gnet.Close
	}
	if s.connections.Load() >= int64(s.cfg.MaxConnections) {
		s.observer.ConnectionRefused(session.FrontFull.String())
		return nil, gnet.Close
	}
	s.connections.Add(1)
	l := s.loopOf(gc.EventLoop())
	c := &conn{
		gc: gc, loop: l, index: len(l.conns),
		peer:    session.Peer{SessionID: s.nextID(), Addr: peerAddr(gc)},
		session: session.New(&s.cfg.Session, time.Now()),
	}
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
	defer s.rescue(c, &action)
	buf, err := gc.Peek(-1) // valid until Discard; nothing of it leaves this function
	if err != nil {
		return gnet.Close
	}
	c.loop.out = c.loop.out[:0]
	used := 0
	now := time.Now()
	for c.closing == session.StayOpen {
		frame, n, err := ftd.DecodeFrame(buf[used:], c.session.BodyLimit())
		if err != nil {
			s.malformed(c, err)
			break
		}
		if n == 0 {
			break
		}
		s.count(frame)
		s.step(c, &session.Event{Kind: session.FrameArrived, Now: now, Frame: frame})
		used += n
	}
	s.flush(c)
	if c.closed {
		return gnet.None // a write failed, and gnet has closed it
	}
	clear(buf[:used]) // passwords do not stay in a shared buffer
	if used > 0 {     // Discard(0) would discard everything
		_, _ = gc.Discard(used)
	}
	if c.closing != session.StayOpen {
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
	defer s.rescue(nil, &action)
	c.closed = true
	c.loop.remove(c)
	s.connections.Add(-1)
	if c.closing == session.StayOpen {
		c.closing = session.PeerClosed
		if s.stopping.Load() {
			c.closing = session.FrontDraining
		}
	}
	s.observer.ConnectionClosed(c.closing.String())
	if c.answered {
		s.handler.Ended(c.peer, c.session.UserID())
	}
	return gnet.None
}

func (s *Server) malformed(c *conn, err error) {
	fault, _ := err.(ftd.Fault)
	s.observer.Malformed(fault.Word())
	c.closing = session.Malformed
}

// count notes the frames that the standard says to discard.
func (s *Server) count(f ftd.Frame) {
	switch f.Type {
	case ftd.FrameFTDC, ftd.FrameNone:
	case ftd.FrameCompressed:
		s.observer.Discarded("compressed")
	default:
		s.observer.Discarded("unknown")
	}
}

// flush sends what was gathered. A terminal that does not read is closed instead.
func (s *Server) flush(c *conn) {
	out := c.loop.out
	if len(out) == 0 || c.closed {
		return
	}
	c.loop.out = out[:0]
	if c.gc.OutboundBuffered()+len(out) > s.cfg.MaxOutbound {
		c.closing = session.SlowReader
		return
	}
	_, _ = c.gc.Write(out) // on an error gnet closes the connection: OnClose has run
}

// rescue ends a callback that panicked: that one connection is closed, the others live.
func (s *Server) rescue(c *conn, action *gnet.Action) {
	if p := recover(); p != nil {
		s.log.Error("panic in a callback, connection closed", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		if c != nil && c.closing == session.StayOpen {
			c.closing = session.FrontPanic
		}
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
		s.onLoop(l.conns[i], func(c *conn) {
			s.step(c, &session.Event{Kind: session.TimePassed, Now: now})
		})
	}
}

// onLoop runs work for a connection outside of gnet's own callbacks: with the same
// rescue, one write, and the close that may follow.
func (s *Server) onLoop(c *conn, work func(*conn)) {
	var action gnet.Action
	func() {
		defer s.rescue(c, &action)
		c.loop.out = c.loop.out[:0]
		work(c)
		s.flush(c)
	}()
	if !c.closed && c.closing != session.StayOpen {
		_ = c.loop.el.Close(c.gc)
	}
}
