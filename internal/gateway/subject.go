package gateway

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/supplement"
)

// subject is what one record is about: who, from where, by what. A relay adds through what:
// a fourth part here, from which items 6 to 9 of the supplement string are made.
type subject struct {
	who  core.User // as the core verified it
	from origin
	by   software
}

// origin is from where, as this front knows it.
type origin struct {
	addr    netip.AddrPort // the terminal's public address and port
	proxy   netip.Addr     // the load balancer that told addr; invalid if the front saw it itself
	session int32
	instant time.Time // the login time: what is printed, and what the trading day is taken from
}

// software is by what. Its slices belong to the login.
type software struct {
	appID    regulation.AppID // authenticated on this connection
	terminal supplement.TerminalInfo
}

// newSubject puts together what a login on a connection of the front's own is about.
func newSubject(who core.User, peer session.Peer, a *session.LoginAttempt, instant time.Time) subject {
	return subject{
		who:  who,
		from: origin{addr: peer.Addr, proxy: peer.Proxy, session: peer.SessionID, instant: instant},
		by:   software{appID: regulation.AppID(a.AppID), terminal: supplement.TerminalInfo(a.Terminal)},
	}
}

// usable reports whether addr can be in a record. Unmap takes off a zone, so that is looked at
// before; 0.0.0.0 may come as ::ffff:0.0.0.0.
func usable(addr netip.AddrPort) bool {
	a := addr.Addr()
	return a.IsValid() && a.Zone() == "" && !a.Unmap().IsUnspecified() && addr.Port() != 0
}
