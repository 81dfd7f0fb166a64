package front

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// A listener that admits relays has other bounds than one for terminals: a relay is one address with very many customers
// behind it, whose mistakes would fall on all of them. No bound and no penalty goes by its address; its connections are counted
// by its AppID, once it has authenticated. Until then they are half-open, and bounded here.

// maxHalfOpenRelays bounds the connections of all relay listeners that have not authenticated. A many-to-many relay opens
// one for each terminal, each of which is half-open for two round trips.
const maxHalfOpenRelays = 4096

// admitRelay judges a newcomer by the total of all connections, and by those that are half-open.
func (s *Server) admitRelay(c *conn) admission.Verdict {
	if s.halfOpen.Add(1) > s.maxHalfOpen.Load() {
		s.halfOpen.Add(-1)
		return admission.Verdict{Refused: reason.UnauthenticatedFull}
	}
	verdict := s.admission.AdmitProxied(&c.admission)
	if verdict.Refused != reason.StayOpen {
		s.halfOpen.Add(-1)
		return verdict
	}
	c.halfOpen = true
	return verdict
}

// notHalfOpen notes that the connection has authenticated, or has ended.
func (c *conn) notHalfOpen() {
	if c.halfOpen {
		c.halfOpen = false
		c.server.halfOpen.Add(-1)
	}
}

// EndRelay sends ForceExit with text to each connection that came to a listener for relays with that AppID and ends it, and
// returns their number. A login on its way is answered first. Submissions on their way are recorded, as those of any
// connection that ends, and not answered: the relay sends them again, and they are one record. The error says that the front stops, or ctx ended;
// those that were ended then are counted.
func (s *Server) EndRelay(ctx context.Context, appID, text string) (ended int, err error) {
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, text), reason.RelayEnded)
	err = s.onLoops(ctx, func(l *loop) {
		var relays []*conn // closing a connection moves others within conns
		for _, c := range l.conns {
			if c.peer.Relays && string(c.AppID()) == appID {
				relays = append(relays, c)
			}
		}
		for _, c := range relays {
			if c.end(exit) {
				ended++
			}
		}
	})
	return ended, err
}

// end tells a terminal that its session is over, and ends it; false if it is over already.
func (c *conn) end(exit []byte) bool {
	defer c.unlock(c.lock())
	if c.Ended() || c.Closing() != reason.StayOpen {
		return false
	}
	c.Take(exit, time.Now())
	c.closeIfOver()
	return true
}
