package front

import (
	"crypto/sha256"
	"errors"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
)

// ProxyRule makes a listener one for load balancers: each connection must begin with a
// PROXY header, and the terminal's address is the one that it names.
type ProxyRule struct {
	Trusted    []netip.Prefix // whose headers are taken; other peers are refused at accept
	RequireTLS bool           // the header must say that the terminal connected over TLS
	Timeout    time.Duration  // from accept to the complete header
}

// proxyState is how far the PROXY header of a connection of such a listener was received.
type proxyState struct {
	rule       *ProxyRule
	since      time.Time // accept
	sawBytes   bool
	sawHeader  bool
	local      bool // the header names no client; as a rule a health check
	sawPayload bool // bytes after the header
}

// readProxyHeader takes the header from the beginning of buf and returns its length, or 0 if it
// is not complete yet. Bytes that are no header, or none for this listener, close the connection
// without an answer: their sender is no proxy of ours.
func (s *Server) readProxyHeader(c *conn, buf []byte, now time.Time) (used int) {
	p := c.proxy
	if p == nil {
		return 0
	}
	if p.sawHeader {
		p.sawPayload = true
		return 0
	}
	p.sawBytes = true
	n, err := proxyheader.Frame(buf)
	if n == 0 && err == nil {
		return 0
	}
	var h proxyheader.Header
	if err == nil {
		h, err = proxyheader.Parse(buf[:n])
	}
	if err != nil {
		s.badProxyHeader(c, err)
		return n
	}
	p.sawHeader, p.local, p.sawPayload = true, h.Local, len(buf) > n
	switch {
	case h.Local: // a login without an address is answered 49
	case p.rule.RequireTLS && !h.TLS:
		peer := c.Peer()
		peer.Addr = h.Client
		s.handler.NoteProxyHeader(peer, reason.TLSRequired.String())
		c.Close(reason.TLSRequired)
	case c.listener.relays: // no other bound and no penalty goes by its address
		c.IntroduceRelay(h.Client, certificateOf(&h))
		if s.admission.Banned(h.Client.Addr(), now) {
			c.Close(reason.SourceBanned)
		} else if !c.countSource(h.Client.Addr()) {
			c.Close(reason.UnauthenticatedFull)
		}
	default:
		c.Introduce(h.Client)
		verdict := s.admission.Identify(&c.admission, h.Client.Addr(), now)
		s.evict(verdict.Victim)
		if verdict.Refused != reason.StayOpen {
			c.Close(verdict.Refused)
		}
	}
	return n
}

// certificateOf is the digest of the client's certificate, nil if the header tells none.
func certificateOf(h *proxyheader.Header) *[sha256.Size]byte {
	if h.Certificate == ([sha256.Size]byte{}) {
		return nil
	}
	digest := h.Certificate
	return &digest
}

func (s *Server) badProxyHeader(c *conn, err error) {
	var fault proxyheader.Fault
	errors.As(err, &fault)
	s.observer.Malformed(fault.Word())
	s.handler.NoteProxyHeader(c.Peer(), fault.Word())
	c.Close(reason.ProxyHeader)
}

// ready reports whether terminals' frames may be taken from the connection.
func (c *conn) ready() bool {
	return c.Closing() == reason.StayOpen && (c.proxy == nil || c.proxy.sawHeader)
}

// overdue closes a connection whose header did not arrive in time.
func (c *conn) overdue(now time.Time) bool {
	p := c.proxy
	if p == nil || p.sawHeader || now.Sub(p.since) < p.rule.Timeout {
		return false
	}
	c.server.handler.NoteProxyHeader(c.Peer(), reason.ProxyTimeout.String())
	c.Close(reason.ProxyTimeout)
	return true
}

// isCheck reports whether it was a health check: a trusted proxy that connects, sends nothing or
// LOCAL alone, and disconnects.
func (p *proxyState) isCheck() bool {
	return p != nil && (!p.sawBytes || p.local && !p.sawPayload)
}
