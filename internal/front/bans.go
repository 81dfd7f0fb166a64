package front

import (
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

const bannedText = "本地址已被期货公司封禁 this address is banned by the firm"

// SetBans puts these in the place of those before. Newcomers are refused from now on; connections that are open end with the next sweep,
// within sweepPeriod.
func (s *Server) SetBans(all []admission.Ban) {
	s.admission.SetBans(all)
	s.bansSet.Add(1)
}

// Bans is how many are in force.
func (s *Server) Bans() int { return s.admission.Bans(time.Now()) }

// endIfBanned looks once for each SetBans whether the connection may stay: its first sweep finds a connection that was admitted while the
// bans changed, or that another process handed over. The address is that which newcomers are judged by: the peer's, and that of the client
// whom a PROXY header named. Terminals behind a relay have none of their own here. A login that is on its way is answered first; who has
// not authenticated is told nothing, as newcomers are not.
func (c *conn) endIfBanned(now time.Time) {
	set := c.server.bansSet.Load()
	if c.bansSeen == set || c.Ended() || c.Closing() != reason.StayOpen {
		return
	}
	c.bansSeen = set
	peer, control := c.Peer(), c.server.admission
	switch {
	case !control.Covered(peer.Addr.Addr(), now) && !control.Covered(peer.Proxy, now):
	case c.State() < session.Authenticated:
		c.Close(reason.SourceBanned)
	default:
		c.Take(dialogue.AppendExit(nil, session.AppendForceExit(nil, session.ExitByOperator, bannedText), reason.SourceBanned), now)
	}
}
