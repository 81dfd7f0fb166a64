package gateway

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// subject is what one record is about: who, from where, by what, and through what.
type subject struct {
	who     core.User // as the core verified it, or an operator relay submitted it
	from    origin
	by      software
	through *through // nil in direct mode
}

// origin is from where: as this front knows it, or behind a relay as that told it.
type origin struct {
	addr     netip.AddrPort // the terminal's public address and port; invalid if offline
	offline  bool           // an order by telephone
	proxy    netip.Addr     // the load balancer that told addr; invalid if the front saw it itself
	session  int32
	instant  time.Time // the front's: what the trading day is taken from
	loggedIn time.Time // the terminal's login time, as it is printed: instant in direct mode
}

// software is by what. Its slices belong to the login.
type software struct {
	appID    regulation.AppID // authenticated on this connection, or behind a relay by that
	terminal supplement.TerminalInfo
}

// through is the relay: items 6 to 9, which the front knows itself, and its mode.
type through struct {
	via   session.Via
	mode  byte
	visit store.VisitHash
}

// newSubject puts together what a login on a connection of the front's own is about.
func newSubject(who core.User, peer session.Peer, a *session.LoginAttempt, instant time.Time) subject {
	return subject{
		who:  who,
		from: origin{addr: peer.Addr, proxy: peer.Proxy, session: peer.SessionID, instant: instant, loggedIn: instant},
		by:   software{appID: regulation.AppID(a.AppID), terminal: supplement.TerminalInfo(a.Terminal)},
	}
}

// newRelayed puts together what a login through a many-to-many relay is about: its relay login time is the instant of
// this login.
func newRelayed(who core.User, a *arrival, terminal session.TerminalInfo, instant time.Time) subject {
	return a.subject(who, terminal, instant, investorRelay, instant)
}

// newSubmitted puts together what a submission is about. The user type is the operator's, who places the orders (4.2.3 b);
// the account is the customer's.
func newSubmitted(a *arrival) subject {
	who := core.User{Account: regulation.Account(a.account), UserType: regulation.UserOperator}
	return a.subject(who, a.submission.Info, a.instant, operatorRelay, a.submission.LoggedIn)
}

func (a *arrival) subject(
	who core.User, terminal session.TerminalInfo, instant time.Time, mode byte, relayLogin time.Time,
) subject {
	visit := a.visit()
	return subject{
		who: who,
		from: origin{
			addr: a.addr, offline: a.offline, proxy: a.peer.Proxy, session: a.peer.SessionID, instant: instant, loggedIn: a.loggedIn,
		},
		by: software{appID: a.appID, terminal: supplement.TerminalInfo(terminal)},
		through: &through{
			via:  session.Via{AppID: a.relay.AppID, Addr: a.options.relayAddr(a.peer), LoginTime: relayLogin.Truncate(time.Second)},
			mode: mode, visit: visit.Hash(),
		},
	}
}

// visit is zero in direct mode.
func (s *subject) visit() store.VisitHash {
	if s.through == nil {
		return store.VisitHash{}
	}
	return s.through.visit
}

// usable reports whether addr can be in a record. Unmap takes off a zone, so that is looked at
// before; 0.0.0.0 may come as ::ffff:0.0.0.0.
func usable(addr netip.AddrPort) bool {
	a := addr.Addr()
	return a.IsValid() && a.Zone() == "" && !a.Unmap().IsUnspecified() && addr.Port() != 0
}
