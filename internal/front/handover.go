package front

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Handover is what one process gives another of a front.
type Handover struct {
	LastID    int32              // the newest SessionID
	Moved     []Moved            // of the giver
	Resumed   []*Resumed         // of the taker: the same connections
	Listeners []*net.TCPListener // of the giver, in the order of Config.Listeners
}

// Moved is a connection that is given: FD is a descriptor of it.
type Moved struct {
	FD    int
	Image Image
}

// Resumed is a connection that was taken. File is closed once a loop has the connection.
type Resumed struct {
	File  *os.File
	Image Image
	conn  *conn
}

// Image is a connection as one process gives it to another, but for its descriptor. Bytes that have arrived and that gnet had not
// read are still in the socket.
type Image struct {
	// Exit says that the connection cannot move, a relay's: it gets ForceExit and is closed, and its relay connects again at once.
	Exit     bool         `json:",omitempty"`
	Listener int          // its place in Config.Listeners
	Peer     session.Peer // as known at accept
	Proxy    *ProxyImage  `json:",omitempty"` // nil if the peer is the terminal
	Refused  int          `json:",omitempty"` // that were reported to admission
	Inbound  []byte       `json:",omitempty"` // received and not used: less than a frame, or what was left unread while holding
	Outbound []byte       `json:",omitempty"` // what the socket had not taken
	Dialogue dialogue.Image
}

// ProxyImage is how far the PROXY header was received.
type ProxyImage struct {
	SinceAgo                               time.Duration // accept
	SawBytes, SawHeader, Local, SawPayload bool
}

// park gives the terminals of a loop what waits for them, and makes the images of their connections. It runs on the loop.
func (s *Server) park(l *loop) []Moved {
	s.drain(l)
	moved := make([]Moved, 0, len(l.conns))
	now := time.Now()
	for _, c := range l.conns {
		moved = append(moved, Moved{FD: c.gc.Fd(), Image: c.image(now)})
	}
	return moved
}

func (c *conn) image(now time.Time) Image {
	defer c.unlock(c.lock())
	i := Image{Listener: slices.Index(c.server.listeners, c.listener), Peer: c.peer, Refused: c.refused}
	if n := c.gc.OutboundBuffered(); n > 0 {
		i.Outbound = slices.Clone(c.tail.last(n))
	}
	if c.peer.Relays || !c.Moves() {
		i.Exit = true
		return i
	}
	if p := c.proxy; p != nil {
		i.Proxy = &ProxyImage{now.Sub(p.since), p.sawBytes, p.sawHeader, p.local, p.sawPayload}
	}
	i.Inbound = slices.Clone(c.carried)
	if c.gc.InboundBuffered() > 0 {
		unread, _ := c.gc.Peek(-1)
		i.Inbound = append(i.Inbound, unread...)
	}
	i.Dialogue = c.Image()
	return i
}

// Prepare makes the connections that were taken, before Start gives them to loops. An error says that another program made the
// images: this one cannot go on with them.
func (s *Server) Prepare() error {
	if s.cfg.Resumed == nil {
		return nil
	}
	s.lastID.Store(s.cfg.Resumed.LastID)
	now := time.Now()
	for _, r := range s.cfg.Resumed.Resumed {
		if i := &r.Image; i.Listener < 0 || i.Listener >= len(s.cfg.Listeners) || (i.Proxy != nil) != (s.cfg.Listeners[i.Listener].Proxy != nil) && !i.Exit {
			return fmt.Errorf("front: a connection of listener %d is handed over, which is not there or of another kind", i.Listener)
		}
		if r.Image.Exit {
			continue
		}
		var err error
		if r.conn, err = s.resumedConn(r, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) resumedConn(r *Resumed, now time.Time) (*conn, error) {
	i := &r.Image
	c := &conn{server: s, resumed: r, peer: i.Peer, refused: i.Refused, carried: i.Inbound}
	c.admission.Owner = c
	if p := i.Proxy; p != nil {
		c.proxy = &proxyState{
			rule: s.cfg.Listeners[i.Listener].Proxy, since: now.Add(-p.SinceAgo),
			sawBytes: p.SawBytes, sawHeader: p.SawHeader, local: p.Local, sawPayload: p.SawPayload,
		}
	}
	var err error
	c.Dialogue, err = s.driver.Resume(c, &i.Dialogue, now)
	return c, err
}

// TerminalOf is the terminal of a connection that was taken, as a core knows it. It gets what the core sends once Start has
// returned.
func (s *Server) TerminalOf(r *Resumed) core.Terminal { return terminal{r.conn} }

// takers give loops their connections, of which each is a system call or ten and a wait for the loop.
const takers = 8

// takeOver gives the connections that were taken to the loops. None of them reads before that.
func (s *Server) takeOver() {
	if s.cfg.Resumed == nil {
		return
	}
	work := make(chan *Resumed)
	var all sync.WaitGroup
	for range takers {
		all.Go(func() {
			for r := range work {
				s.takeOne(r)
			}
		})
	}
	for _, r := range s.cfg.Resumed.Resumed {
		work <- r
	}
	close(work)
	all.Wait()
	s.cfg.Resumed.Resumed = nil
}

// errPeerGone says that the peer closed the connection while no process read it.
var errPeerGone = errors.New("the peer has gone")

// takeOne gives one connection to a loop, or ends it.
func (s *Server) takeOne(r *Resumed) {
	defer r.File.Close()
	err := s.enroll(r)
	if err == nil {
		return
	}
	if !errors.Is(err, errPeerGone) {
		s.log.Error("a connection that was handed over cannot be used, and is closed",
			zap.Int32("session_id", r.Image.Dialogue.Peer.SessionID), zap.Error(err))
	}
	if c := r.conn; c != nil && c.home.Load() == nil {
		c.endUntaken()
	}
}

// enroll returns once a loop has the connection, or with why none has; a panic is such an error. A connection that cannot move
// gets its end here.
func (s *Server) enroll(r *Resumed) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(p, "panic while a connection was taken over")
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	nc, err := net.FileConn(r.File)
	if err != nil {
		return err
	}
	defer nc.Close()
	if r.Image.Exit {
		sendAway(nc, &r.Image)
		return nil
	}
	if nc.RemoteAddr() == nil { // its reset has come, and gnet would panic
		return errPeerGone
	}
	c := r.conn
	c.listener = s.listeners[r.Image.Listener]
	peerAddr(nc.LocalAddr(), nc.RemoteAddr()) // gnet gets no zones
	s.admission.Readmit(&c.admission, r.Image.admittedFor())
	defer func() {
		if c.home.Load() == nil {
			s.admission.Release(&c.admission)
		}
	}()
	_, err = s.engine.EnrollContext(nc, c)
	if err == nil && c.home.Load() == nil {
		err = unix.ENOSPC // see takeIn
	}
	return err
}

// endUntaken ends a connection that no loop got: the gateway counts its session, and the core has it, since it was taken over.
func (c *conn) endUntaken() {
	s := c.server
	s.observer.ConnectionOpened()
	c.Settle(&dialogue.Scratch{}, s.atCore(&c.resumed.Image))
	c.End(reason.PeerClosed)
}

// admittedFor is the address that admission counts the connection for; invalid while that is not known.
func (i *Image) admittedFor() netip.Addr {
	if i.Proxy == nil || i.Proxy.SawHeader {
		return i.Dialogue.Peer.Addr.Addr()
	}
	return netip.Addr{}
}

// awayPatience bounds the last write to a connection that cannot move.
const awayPatience = 100 * time.Millisecond

// sendAway ends a connection that cannot move. A relay is told, behind what waited for it.
func sendAway(nc net.Conn, i *Image) {
	if !i.Peer.Relays {
		return
	}
	_ = nc.SetWriteDeadline(time.Now().Add(awayPatience))
	if _, err := nc.Write(i.Outbound); err == nil {
		_, _ = nc.Write(session.ForceExitFrame(session.ExitCoreChanged, drainText))
	}
}

// resumeMoved is OnOpen of a connection that was taken: what it returns is written before anything else. The loop has the lock.
func (c *conn) resumeMoved(l *loop) (out []byte) {
	i := &c.resumed.Image
	c.resumed = nil
	c.Settle(&l.scratch, c.server.atCore(i))
	c.reportState()
	if len(i.Outbound) > 0 {
		c.tail.kept = i.Outbound
		c.behind.Store(true)
	}
	if len(c.carried) > 0 { // nothing may ever arrive behind it
		c.excused = int32(min(len(c.carried), heldInbound))
		c.waiting = true
		l.paused = append(l.paused, c)
	}
	return i.Outbound
}

// atCore is the session at the trading core of a connection that was taken, nil without one.
func (s *Server) atCore(i *Image) core.Session {
	if !i.Dialogue.Core || s.cfg.AtCore == nil {
		return nil
	}
	return s.cfg.AtCore(i.Dialogue.Peer.SessionID)
}

// carry puts what gnet has behind what the other process had received, and takes it out of gnet.
func (c *conn) carry(buf []byte) []byte {
	c.carried = append(c.carried, buf...)
	if len(buf) > 0 {
		_, _ = c.gc.Discard(len(buf))
	}
	return c.carried
}
