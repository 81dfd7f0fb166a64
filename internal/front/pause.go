package front

import (
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/tradefront/tradefront/internal/reason"
)

// defaultInbound bounds what a terminal may send while its requests are left unread, in bytes. gnet cannot leave
// them in the socket: it reads them into memory.
const defaultInbound = 256 << 10

// notePause puts a connection whose requests are left unread where resume finds it, unless it has left
// too much unread.
func (c *conn) notePause() {
	if !c.Paused() {
		return
	}
	if c.gc.InboundBuffered()+len(c.carried) > int(c.server.inboundLimit.Load()) {
		c.Close(reason.FrameFlood)
		return
	}
	if !c.waiting {
		c.waiting = true
		c.loop.paused = append(c.loop.paused, c)
	}
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

// resume takes from the paused connections of a loop what may be taken now.
func (s *Server) resume(l *loop, now time.Time) {
	if len(l.paused) == 0 {
		return
	}
	l.paused, l.asking = l.asking[:0], l.paused
	for _, c := range l.asking {
		s.resumeOne(l, c, now)
	}
	clear(l.asking)
}

func (s *Server) resumeOne(l *loop, c *conn, now time.Time) {
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
