package front

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// loop is what one event loop owns; only that loop touches it, but for sweeping.
type loop struct {
	el       gnet.EventLoop
	conns    []*conn
	scratch  dialogue.Scratch
	swept    int       // where the next part of the sweep ends, in conns
	mailbox  mailbox   // see there who touches what
	paused   []*conn   // whose requests are left unread
	asking   []*conn   // paused of the round before
	sweptAt  time.Time // of the last part, or when it was left out
	sparing  int       // parts until a stall counts again; see spares
	sweeping atomic.Bool
	missed   atomic.Int32 // sweeps in a row that it was not ready for; only the ticker writes it
}

// conn is one connection. Its loop alone touches it, once it has a home; but see direct.go.
type conn struct {
	mu     sync.Mutex  // held while the loop works on it, or a core's goroutine writes to it
	owned  bool        // the loop holds mu; only the loop touches it
	closed bool        // OnClose has run; under mu
	behind atomic.Bool // something waits for the terminal: the core's messages go by mail

	server   *Server
	listener *listener
	gc       gnet.Conn
	loop     *loop
	index    int // in loop.conns
	dialogue.Dialogue

	peer       session.Peer // as known at accept
	proxy      *proxyState  // nil if the peer is the terminal
	admission  admission.Conn
	reported   session.State // to admission
	halfOpen   bool          // counted in Server.halfOpen
	halfOpenAt netip.Prefix  // for that source too, if it is valid
	bansSeen   uint32        // Server.bansSet when it was last looked at
	refused    int           // requests before authentication that were reported to admission

	waiting bool      // in loop.paused
	excused int32     // bytes left unread because the front held, see mayLeave
	tail    tail      // what gnet has not written yet, for an Image
	resumed *Resumed  // what another process gave it, until OnOpen
	carried []byte    // what the other process had received and not used
	letters letterbox // under the mailbox's mu

	home    atomic.Pointer[loop] // loop, once it has taken the connection in
	evicted atomic.Bool          // for a newcomer
}

// Unsent is part of dialogue.Line.
func (c *conn) Unsent() int { return c.gc.OutboundBuffered() }

// Write is part of dialogue.Line. On an error gnet closes the connection: OnClose has run. Admission learns the state first: the
// terminal may open another connection as soon as it has read the answer, and that is to be judged by the state that it was told.
func (c *conn) Write(b []byte) {
	c.reportState()
	_, _ = c.gc.Write(b)
	if c.closed {
		return
	}
	if n := c.gc.OutboundBuffered(); n > 0 {
		c.behind.Store(true)
		c.tail.add(b, n)
	}
}

// closeIfOver ends work outside of gnet's own callbacks: it reports to admission, and closes a
// connection that is over.
func (c *conn) closeIfOver() {
	if c.Ended() {
		return
	}
	c.reportState()
	if c.Closing() != reason.StayOpen {
		_ = c.loop.el.Close(c.gc)
	}
}

// OnOpen takes a connection that was admitted.
func (s *Server) OnOpen(gc gnet.Conn) (out []byte, action gnet.Action) {
	c := gc.Context().(*conn)
	defer s.rescue(&action)
	defer c.unlock(c.lock())
	l := s.loopOf(gc.EventLoop())
	c.gc, c.loop, c.index = gc, l, len(l.conns)
	l.conns = append(l.conns, c)
	s.connections.Add(1)
	s.observer.ConnectionOpened()
	c.home.Store(l) // OnClose ends it from here on, after a panic below too
	if c.resumed == nil {
		c.peer.SessionID = s.nextID()
		c.Dialogue = s.driver.Begin(c, &l.scratch, c.peer, time.Now())
	} else {
		out = c.resumeMoved(l)
	}
	if c.evicted.Load() { // evict may have found no home to do it in
		c.Close(reason.Evicted)
		return nil, gnet.Close
	}
	return out, gnet.None
}

// OnTraffic takes every whole frame that was received, unless the connection is paused.
func (s *Server) OnTraffic(gc gnet.Conn) (action gnet.Action) {
	c := gc.Context().(*conn)
	defer s.rescue(&action)
	defer c.unlock(c.lock())
	now := time.Now()
	if !c.stillPaused(now) {
		return s.take(c, now)
	}
	if c.Closing() != reason.StayOpen {
		return gnet.Close
	}
	return gnet.None
}

// take takes what a connection has sent. What is not used stays in gnet's buffer: less than a frame, or
// the requests of a connection that is paused.
func (s *Server) take(c *conn, now time.Time) (action gnet.Action) {
	defer s.rescue(&action)
	gc := c.gc
	buf, err := gc.Peek(-1) // valid until Discard; nothing of it leaves this function
	if err != nil {
		return gnet.Close
	}
	if len(c.carried) > 0 {
		buf = c.carry(buf)
	}
	used := s.readProxyHeader(c, buf, now)
	if c.ready() {
		used += c.Receive(buf[used:], now)
	}
	if c.Ended() {
		return gnet.None // a write failed, and gnet has closed it
	}
	c.reportState()
	switch {
	case len(c.carried) > 0:
		if c.carried = c.carried[used:]; len(c.carried) == 0 {
			c.carried = nil
		}
	case used > 0: // Discard(0) would discard everything
		_, _ = gc.Discard(used)
	}
	c.notePause()
	if c.Closing() != reason.StayOpen {
		return gnet.Close
	}
	return gnet.None
}

// OnClose removes a connection. A login in flight goes on without it.
func (s *Server) OnClose(gc gnet.Conn, _ error) (action gnet.Action) {
	c := gc.Context().(*conn)
	defer s.rescue(&action)
	defer c.unlock(c.lock())
	c.closed = true
	c.loop.remove(c)
	c.endMail(&c.loop.mailbox)
	c.release()
	s.connections.Add(-1)
	why := reason.PeerClosed
	switch {
	case s.stopping.Load():
		why = reason.FrontDraining
	case c.proxy.isCheck():
		why = reason.HealthCheck
	}
	c.End(why)
	return gnet.None
}

func (s *Server) loopOf(el gnet.EventLoop) *loop {
	if l, ok := s.loops.Load(el); ok {
		return l.(*loop)
	}
	l := &loop{el: el}
	l.mailbox.ring = s.newRing(l)
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
