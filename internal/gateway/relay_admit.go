package gateway

import (
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// The types of relays, as an attempt has them.
const (
	investorRelay = byte(auth.AppInvestorRelay)
	operatorRelay = byte(auth.AppOperatorRelay)
)

// admitKind says whether software of that type, which has proved its AppID, may come to this listener from there. A relay
// that may is counted until Disconnected.
func (g *Gateway) admitKind(peer session.Peer, appID []byte, kind auth.AppType) reason.Reason {
	if !kind.Relay() {
		if peer.Relays {
			return reason.WrongKind
		}
		return reasonOf(g.registry.AdmitsFrom(appID, peer.Addr.Addr()))
	}
	if !g.relaying.Load().Enabled || !peer.Relays {
		return reason.WrongKind
	}
	r := g.relays.Find(appID)
	if why := mayCome(r, peer); why != reason.OK {
		return why
	}
	if !r.Connect() {
		return reason.RelayConnections
	}
	g.dropLink(peer.SessionID)
	g.links.add(peer.SessionID, &relayLink{relay: r, operator: kind == auth.AppOperatorRelay})
	return reason.OK
}

// mayCome says whether a relay may have that connection; r is nil if nothing was granted to it.
func mayCome(r *relay.Relay, peer session.Peer) reason.Reason {
	switch {
	case r == nil:
		return reason.RelayDisabled
	case !peer.Addr.IsValid() || !r.Admits(peer.Addr.Addr()):
		return reason.RelayNetwork
	case !r.AdmitsCertificate(peer.Certificate):
		return reason.RelayCertificate
	}
	return reason.OK
}

// RelayMayStay says whether a connection of a relay may stay, by what is granted now: OK, or why it is to be ended.
// account is whose login it has, empty before one. It does not block. A connection that has not named a relay may stay: its
// authentication decides.
func (g *Gateway) RelayMayStay(peer session.Peer, appID, account []byte) reason.Reason {
	granted, link := g.relays.Find(appID), g.links.find(peer.SessionID)
	if granted == nil && link == nil {
		return reason.OK
	}
	r := g.relayOf(appID)
	if why := mayCome(r, peer); why != reason.OK {
		return why
	}
	if link != nil && link.operator && len(account) > 0 && !r.HasOperator(account) {
		return reason.NotOperator
	}
	return reason.OK
}

// relayOf is the relay with that AppID as it may be now; nil if it is not admitted any more.
func (g *Gateway) relayOf(appID []byte) *relay.Relay {
	if _, enabled, _ := g.registry.Kind(appID); !enabled || !g.relaying.Load().Enabled {
		return nil
	}
	return g.relays.Find(appID)
}

// Disconnected takes a connection of a relay out, whether an operator has logged in on it or not. It does not block. Of
// other connections it does nothing.
func (g *Gateway) Disconnected(peer session.Peer) {
	if peer.Relays {
		g.dropLink(peer.SessionID)
	}
}

// Renumbered tells that the connection which had the SessionID was has that of peer from now on. It does not block.
func (g *Gateway) Renumbered(was int32, peer session.Peer) {
	if link := g.links.remove(was); link != nil {
		g.links.add(peer.SessionID, link)
	}
}

func (g *Gateway) dropLink(sessionID int32) {
	if link := g.links.remove(sessionID); link != nil {
		g.endVisits(link, sessionID)
		link.relay.Disconnect()
	}
}

// endVisits ends what is live on a connection, and returns how many they were.
func (g *Gateway) endVisits(link *relayLink, sessionID int32) int {
	visits, n := link.endAll()
	if n == 0 {
		return 0
	}
	g.relayObserver.VisitsLive(string(link.relay.AppID), -n)
	if g.logger.Core().Enabled(zap.DebugLevel) {
		for id, v := range visits {
			g.logger.Debug("a visit ended with the connection of its relay",
				zap.Int32("session_id", sessionID), zap.Stringer("submit_id", id), zap.Stringer("account", logs.Masked(v.account)))
		}
	}
	return n
}

// endedRelay writes down that the session of an operator relay is over, and with it all its visits; also of a many-to-many relay
// that may not have the connection any more. The line's reason is what was withdrawn; ok if nothing was. closing is why the connection ended.
func (g *Gateway) endedRelay(peer session.Peer, account []byte, closing reason.Close) {
	link := g.links.find(peer.SessionID)
	if link == nil {
		return
	}
	why := g.RelayMayStay(peer, []byte(link.relay.AppID), account)
	if !link.operator && why == reason.OK {
		return
	}
	e := g.entry(peer, logs.EventRelayEnded, why)
	e.AppID, e.RelayAppID, e.RelayMode = string(link.relay.AppID), string(link.relay.AppID), g.modeOf(peer)
	e.Account, e.Closing = string(account), closing.String()
	if link.operator {
		e.Operator = e.Account
		e.Visits = g.endVisits(link, peer.SessionID)
	}
	e.Time = g.now()
	g.audit.Log(e)
}

// mayOperate says whether an account whose password was right may be the operator of the relay that it logs in through.
func (g *Gateway) mayOperate(a *session.LoginAttempt, user core.User) reason.Reason {
	if a.AppType != operatorRelay {
		return reason.OK
	}
	r := g.relayOf(a.AppID)
	switch {
	case r == nil:
		return reason.RelayDisabled
	case user.UserType != regulation.UserOperator || !r.HasOperator([]byte(user.Account)):
		return reason.NotOperator
	}
	return reason.OK
}
