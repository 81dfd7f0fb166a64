package front

import (
	"context"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// A listener that admits relays has other bounds than one for terminals: a relay is one address with very many customers
// behind it, whose mistakes would fall on all of them. No bound and no penalty goes by its address; its connections are counted
// by its AppID, once it has authenticated. Until then they are half-open, and bounded in all and by source (half_open.go).

// admitRelay judges a newcomer by the total of all connections, and by those that are half-open; relay is its address,
// invalid while the PROXY header has not told it.
func (s *Server) admitRelay(c *conn, relay netip.Addr) admission.Verdict {
	if !s.halfOpen.add() {
		return admission.Verdict{Refused: reason.UnauthenticatedFull}
	}
	c.halfOpen = true
	if !c.countSource(relay) {
		c.notHalfOpen()
		return admission.Verdict{Refused: reason.UnauthenticatedFull}
	}
	verdict := s.admission.AdmitProxied(&c.admission)
	if verdict.Refused != reason.StayOpen {
		c.notHalfOpen()
	}
	return verdict
}

const drainText = "前置停止服务，请连接另一前置 this front stops, log in at another one"

// sendRelaysAway tells each connection of a relay that the front stops: the relay goes to another front at once, with all its
// terminals, instead of finding its connection broken. Submissions that are still on their way are not answered.
func (s *Server) sendRelaysAway() {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitCoreChanged, drainText), reason.FrontDraining)
	_, err := s.endRelays(ctx, exit, func(*conn) bool { return true })
	if err != nil {
		s.log.Warn("some relays were not told that the front stops: they find their connections closed", zap.Error(err))
	}
}

// RelayMayStay says whether a connection of a relay may stay: OK, or why not. It is called on event loops, and must not block;
// appID and account, which is empty before a login, are valid during the call.
type RelayMayStay func(peer session.Peer, appID, account []byte) reason.Reason

// EndedRelays is whose connections were ended, and why.
type EndedRelays struct {
	AppID string
	Why   reason.Reason
}

// EndRelays sends ForceExit with text to each connection that came to a listener for relays and may not stay, and ends it;
// it returns how many of each relay. A login on its way is answered first. Submissions on their way are recorded, as those of any
// connection that ends, and not answered: the relay sends them again, and they are one record. The error says that the front stops, or ctx ended;
// those that were ended then are counted.
func (s *Server) EndRelays(ctx context.Context, text string, mayStay RelayMayStay) (ended map[EndedRelays]int, err error) {
	exit := dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, text), reason.RelayEnded)
	ended = make(map[EndedRelays]int)
	of := func(c *conn) EndedRelays {
		return EndedRelays{string(c.AppID()), mayStay(c.Peer(), c.AppID(), c.UserID())}
	}
	_, err = s.endRelays(ctx, exit, func(c *conn) bool {
		what := of(c)
		if what.Why == reason.OK || c.over() {
			return false
		}
		ended[what]++
		return true
	})
	return ended, err
}

// over reports whether the connection has ended, or ends.
func (c *conn) over() bool {
	defer c.unlock(c.lock())
	return c.Ended() || c.Closing() != reason.StayOpen
}

// endRelays ends the connections of listeners for relays that are meant, and returns their number.
func (s *Server) endRelays(ctx context.Context, exit dialogue.Mail, meant func(*conn) bool) (ended int, err error) {
	return s.endConns(ctx, exit, func(c *conn) bool { return c.peer.Relays && meant(c) })
}

// end tells a terminal that its session is over, and ends it; false if it is over already.
func (c *conn) end(exit []byte) bool {
	defer c.rescue()
	defer c.unlock(c.lock())
	if c.Ended() || c.Closing() != reason.StayOpen {
		return false
	}
	c.Take(exit, time.Now())
	c.closeIfOver()
	return true
}
