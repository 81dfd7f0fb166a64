package front

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
)

// ProxyRule makes a listener one for load balancers: each connection must begin with a
// PROXY header, and the terminal's address is the one that it names.
type ProxyRule struct {
	Trusted    []netip.Prefix // whose headers are believed; others are refused at accept
	RequireTLS bool           // the header must say that the terminal came over TLS
	Timeout    time.Duration  // from accept to the whole header
}

// preface is what a connection of such a listener has to bring before it is a terminal's.
type preface struct {
	rule  *ProxyRule
	since time.Time
	begun bool // bytes came
	read  bool // the header did
	local bool // it names no client: a health check, as a rule
	spoke bool // bytes came behind it
}

// readPreface takes the header from the beginning of what has come, and tells how long it
// was; 0 if it is not whole yet. What is no header, or not one for us, closes the connection
// without an answer: to whoever sent it, this port is of no use.
func (s *Server) readPreface(c *conn, buf []byte, now time.Time) (used int) {
	p := c.preface
	if p == nil {
		return 0
	}
	if p.read {
		p.spoke = true
		return 0
	}
	p.begun = true
	n, err := proxyheader.Frame(buf)
	if n == 0 && err == nil {
		return 0
	}
	var h proxyheader.Header
	if err == nil {
		h, err = proxyheader.Parse(buf[:n])
	}
	if err != nil {
		s.badPreface(c, err, now)
		return n
	}
	p.read, p.local, p.spoke = true, h.Local, len(buf) > n
	switch {
	case h.Local: // nobody can log in without an address: 49
	case p.rule.RequireTLS && !h.TLS:
		c.Close(reason.TLSRequired)
	default:
		c.Introduce(h.Client)
		verdict := s.door.Learn(&c.visitor, h.Client.Addr(), now)
		s.evict(verdict.Victim)
		if verdict.Refused != reason.StayOpen {
			c.Close(verdict.Refused)
		}
	}
	return n
}

func (s *Server) badPreface(c *conn, err error, now time.Time) {
	var fault proxyheader.Fault
	errors.As(err, &fault)
	s.observer.Malformed(fault.Word())
	c.Close(reason.ProxyHeader)
	if c.listener.headers.worthSaying(now) {
		s.log.Warn("a trusted proxy sent what is no PROXY header that can be taken; "+
			"does it send one at all (send-proxy-v2)? Or is something else at its address?",
			zap.Stringer("listener", c.listener.Addr()), zap.Stringer("proxy", ops.MaskedAddr(c.peer.Proxy)),
			zap.String("fault", fault.Word()))
	}
}

// ready reports whether terminals' frames may be taken from the connection.
func (c *conn) ready() bool {
	return c.Closing() == reason.StayOpen && (c.preface == nil || c.preface.read)
}

// overdue closes a connection whose header did not come in time.
func (c *conn) overdue(now time.Time) bool {
	p := c.preface
	if p == nil || p.read || now.Sub(p.since) < p.rule.Timeout {
		return false
	}
	c.Close(reason.ProxyTimeout)
	return true
}

// isCheck reports whether it was a health check: a trusted proxy that connects, says
// nothing or LOCAL, and goes.
func (p *preface) isCheck() bool {
	return p != nil && (!p.begun || p.local && !p.spoke)
}

// trusts reports whether the listener believes what addr says of its clients.
func (l *listener) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(*l.trusted.Load(), func(p netip.Prefix) bool { return p.Contains(addr) })
}

// SetTrusted replaces the trusted networks of the listeners, in the order of
// Config.Listeners. Connections that are open stay.
func (s *Server) SetTrusted(networks [][]netip.Prefix) {
	for i, l := range s.listeners {
		l.trusted.Store(&networks[i])
	}
}
