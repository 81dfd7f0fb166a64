package front

import (
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// defaultInbound bounds what a terminal may send while its requests are left unread, in bytes. gnet cannot leave
// them in the socket: it reads them into memory.
const defaultInbound = 256 << 10

// heldInbound is what a session may send while the front holds for a hand-over, for some seconds and in no other case than an upgrade: it has
// done nothing wrong, and may send as much as ever. It is the most that limits.inbound_bytes takes.
const heldInbound = 16 << 20

// notePause puts a connection whose requests are left unread where resumePaused finds it, unless it has left
// too much unread.
func (c *conn) notePause() {
	if !c.Paused() {
		c.excused = 0
		return
	}
	if unread := c.gc.InboundBuffered() + len(c.carried); unread > c.mayLeave(unread) {
		c.Close(reason.FrameFlood)
		return
	}
	if !c.waiting {
		c.waiting = true
		c.loop.paused = append(c.loop.paused, c)
	}
}

// mayLeave is how many bytes of a connection may stay unread, of which so many do. What came while the front held, here or in the process
// before, is excused afterwards: the core may want none of it yet.
func (c *conn) mayLeave(unread int) int {
	limit := int(c.server.inboundLimit.Load())
	if !c.server.driver.Holding() || c.State() != session.LoggedIn { // who has not logged in has little to say
		return limit + int(c.excused)
	}
	most := max(limit, heldInbound)
	c.excused = int32(min(unread, most))
	return most
}

// stillPaused reports whether nothing is to be taken from a connection yet, of which more has arrived.
func (c *conn) stillPaused(now time.Time) bool {
	if !c.Paused() || c.MayGoOn(now) {
		return false
	}
	c.Heard(now)
	c.notePause()
	return true
}

// resumePaused takes from the paused connections of a loop what may be taken now.
func (s *Server) resumePaused(l *loop, now time.Time) {
	if len(l.paused) == 0 {
		return
	}
	l.paused, l.asking = l.asking[:0], l.paused
	for _, c := range l.asking {
		s.resumePausedOne(l, c, now)
	}
	clear(l.asking)
}

func (s *Server) resumePausedOne(l *loop, c *conn, now time.Time) {
	defer c.rescue()
	defer c.unlock(c.lock())
	c.waiting = false
	switch {
	case c.Ended():
	case !c.MayGoOn(now):
		c.notePause()
	case s.take(c, now) == gnet.Close:
		_ = l.el.Close(c.gc)
	}
}
