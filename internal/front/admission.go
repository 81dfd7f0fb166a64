package front

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// The front reports to admission what a connection does; admission penalizes its source by that.

// offences are the ends of a connection that its source is penalized for.
var offences = map[reason.Close]admission.Offence{
	reason.Malformed:     admission.Malformed,
	reason.AuthTimeout:   admission.NoAuthentication,
	reason.SourceRefused: admission.NoAuthentication, // it came while its source is locked
	reason.RefusalFlood:  admission.RefusalFlood,
}

// reportState reports what is new since the last call.
func (c *conn) reportState() {
	a := c.server.admission
	if now := c.State(); now != c.reported && c.Closing() == reason.StayOpen {
		if now >= session.Authenticated {
			c.notHalfOpen()
		}
		switch {
		case now == session.Authenticated:
			a.Authenticated(&c.admission)
		case now > session.Authenticated && c.reported <= session.Authenticated:
			a.LoggingIn(&c.admission)
		}
		if now == session.LoggedIn {
			a.LoggedIn(&c.admission, time.Now())
		}
		c.reported = now
	}
	for ; c.refused < c.RefusedBeforeAuth(); c.refused++ {
		a.Penalize(&c.admission, admission.FailedAuthentication, time.Now())
	}
}

// release ends a connection's admission, once.
func (c *conn) release() {
	c.reportState()
	c.notHalfOpen()
	a := c.server.admission
	if o, ok := offences[c.Closing()]; ok {
		a.Penalize(&c.admission, o, time.Now())
	}
	a.Release(&c.admission)
}

// admit judges a newcomer by what its listener takes: terminals, or trusted proxies.
func (s *Server) admit(c *conn, peer netip.AddrPort, now time.Time) reason.Close {
	var verdict admission.Verdict
	l := c.listener
	c.peer.Relays = l.relays
	if s.admission.Banned(peer.Addr(), now) {
		return reason.SourceBanned
	}
	switch {
	case l.relays && l.proxy == nil:
		c.peer.Addr = peer
		verdict = s.admitRelay(c, peer.Addr())
	case l.proxy == nil:
		c.peer.Addr = peer
		verdict = s.admission.Admit(&c.admission, peer.Addr(), now)
	case !l.trusts(peer.Addr()):
		stranger := c.peer
		stranger.Addr = peer
		s.handler.NoteProxyHeader(stranger, reason.ProxyUntrusted.String())
		return reason.ProxyUntrusted
	default: // the header will name the client
		c.peer.Proxy = peer.Addr()
		c.proxy = &proxyState{rule: l.proxy, since: now}
		if l.relays {
			verdict = s.admitRelay(c, netip.Addr{})
		} else {
			verdict = s.admission.AdmitProxied(&c.admission)
		}
	}
	s.evict(verdict.Victim)
	return verdict.Refused
}

// evict closes the victim of a verdict, if there is one. Its loop does it: by execute, or in
// OnOpen if the loop does not have it yet.
func (s *Server) evict(victim *admission.Conn) {
	if victim == nil {
		return
	}
	c := victim.Owner.(*conn)
	c.evicted.Store(true)
	if l := c.home.Load(); l != nil {
		s.execute(l.el, func() {
			defer c.rescue()
			defer c.unlock(c.lock())
			c.Close(reason.Evicted)
			c.closeIfOver()
		})
	}
}
