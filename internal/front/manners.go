package front

import (
	"time"

	"github.com/tradefront/tradefront/internal/door"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// What a connection does is told to the door, which sets its source's debts by it.

// offences are the ends of a connection that its source is penalised for.
var offences = map[reason.Close]door.Offence{
	reason.Malformed:     door.Malformed,
	reason.AuthTimeout:   door.NoAuthentication,
	reason.SourceRefused: door.NoAuthentication, // it came while its source is locked
	reason.RefusalFlood:  door.RefusalFlood,
}

// tellDoor passes on what is new since the last call.
func (c *conn) tellDoor() {
	d := c.server.door
	if now := c.State(); now != c.known && c.Closing() == reason.StayOpen {
		switch {
		case now == session.Authenticated:
			d.Authenticated(&c.visitor)
		case now > session.Authenticated && c.known <= session.Authenticated:
			d.LoggingIn(&c.visitor)
		}
		if now == session.LoggedIn {
			d.LoggedIn(&c.visitor, time.Now())
		}
		c.known = now
	}
	for ; c.refused < c.RefusedBeforeAuth(); c.refused++ {
		d.Penalise(&c.visitor, door.FailedAuthentication, time.Now())
	}
}

// leaveDoor is the last that the door hears of a connection.
func (c *conn) leaveDoor() {
	c.tellDoor()
	d := c.server.door
	if o, ok := offences[c.Closing()]; ok {
		d.Penalise(&c.visitor, o, time.Now())
	}
	d.Leave(&c.visitor)
}

// evict closes a connection that the door has named, if any. Its loop does it: here, or in
// OnOpen if it is not there yet.
func (s *Server) evict(victim *door.Visitor) {
	if victim == nil {
		return
	}
	c := victim.Owner.(*conn)
	c.evicted.Store(true)
	if l := c.home.Load(); l != nil {
		s.execute(l.el, func() {
			c.Close(reason.Evicted)
			c.closeIfOver()
		})
	}
}
