package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"
)

const (
	dialTimeout    = 5 * time.Second // for the connection and TLS together
	firstBackoff   = 100 * time.Millisecond
	longestBackoff = 5 * time.Second
)

// endpoint is one that is dialled. Link.mu guards all but Endpoint and index.
type endpoint struct {
	Endpoint
	index   int
	machine machine
	conn    *conn // nil unless connected
	noted   State // that the observer knows
	since   time.Time
	last    *problem
	lastAt  time.Time
	log     stateLog
}

// runEndpoint dials and reads, again and again.
func (l *Link) runEndpoint(e *endpoint) {
	wait := firstBackoff
	for l.ctx.Err() == nil {
		began := time.Now()
		l.attempt(e)
		if time.Since(began) > longestBackoff {
			wait = firstBackoff
		}
		l.pause(wait/2 + l.jitter(wait/2))
		wait = min(2*wait, longestBackoff)
	}
}

// jitter is a part of d, which is above 0.
func (l *Link) jitter(d time.Duration) time.Duration { return time.Duration(l.random.Int64N(int64(d))) }

func (l *Link) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.ctx.Done():
	}
}

// attempt is one connection from its beginning to its end.
func (l *Link) attempt(e *endpoint) {
	l.step(func() { e.machine.dial() })
	c, p := l.open(e)
	if p == nil {
		p = c.serve()
	}
	l.ended(e, c, p)
}

// step changes a machine, and what follows from that.
func (l *Link) step(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.settle()
	l.noteStates()
}

// open connects, by TLS if the endpoint has that.
func (l *Link) open(e *endpoint) (*conn, *problem) {
	ctx, cancel := context.WithTimeout(l.ctx, dialTimeout)
	defer cancel()
	raw, err := l.options.Dial(ctx, e.Endpoint)
	if err != nil {
		return nil, &problem{DialFailed, err}
	}
	w := newWire(raw)
	if e.TLS != nil {
		if p := handshake(ctx, w, e.Endpoint); p != nil {
			w.close()
			return nil, p
		}
	}
	return newConn(l, e, w), nil
}

// handshake puts TLS over w.
func handshake(ctx context.Context, w *wire, e Endpoint) *problem {
	config, err := tlsConfig(e)
	if err != nil {
		return &problem{OwnFiles, err}
	}
	c := w.secure(config)
	if err := c.HandshakeContext(ctx); err != nil {
		return &problem{tlsFault(err), err}
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != ALPN {
		return problemf(WrongALPN, "the core names the protocol %q by ALPN, not %q", got, ALPN)
	}
	w.gather()
	return nil
}

func tlsConfig(e Endpoint) (config *tls.Config, err error) {
	config = e.TLS.Clone()
	if e.Roots != nil {
		if config.RootCAs, err = e.Roots(); err != nil {
			return nil, err
		}
	}
	if own := config.GetClientCertificate; own != nil {
		config.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c, err := own(info)
			if err != nil {
				return nil, &ownFilesError{err}
			}
			return c, nil
		}
	}
	config.MinVersion = tls.VersionTLS13
	config.NextProtos = []string{ALPN}
	config.DynamicRecordSizingDisabled = true
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(e.Address); err == nil {
			config.ServerName = host
		}
	}
	return config, nil
}

// ownFilesError is what kept the front from showing its certificate.
type ownFilesError struct{ err error }

func (e *ownFilesError) Error() string { return e.err.Error() }
func (e *ownFilesError) Unwrap() error { return e.err }

// tlsFault is the word of what TLS found. The core's refusal of the front's certificate comes with the first read.
func tlsFault(err error) Fault {
	if _, own := errors.AsType[*ownFilesError](err); own {
		return OwnFiles
	}
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		return Certificate
	}
	if _, bad := errors.AsType[x509.HostnameError](err); bad {
		return Certificate
	}
	if remote, is := errors.AsType[*net.OpError](err); is && remote.Op == "remote error" { // an alert, of which there is the text alone
		switch alert := remote.Err.Error(); {
		case strings.Contains(alert, "no application protocol"):
			return WrongALPN
		case strings.Contains(alert, "certificate"):
			return CertificateRefused
		}
	}
	return TLSFailed
}

// ended is the end of a connection, or of an attempt to open it. Its reader has ended.
func (l *Link) ended(e *endpoint, c *conn, p *problem) {
	if c != nil {
		c.end(p)
		p = c.fault() // the first
	}
	l.mu.Lock()
	e.machine.lost()
	e.conn = nil
	e.last, e.lastAt = p, l.now()
	l.observer.Faulted(e.Endpoint, p.fault)
	l.settle()
	l.noteStates()
	if l.ctx.Err() == nil {
		e.log.trouble(l.logger, time.Now(), e, p)
	}
	var lost released
	if c != nil {
		lost = l.release(c)
	}
	l.mu.Unlock()
	lost.answer(l.now())
}

// noteStates tells the observer and the log what states are new. mu is held.
func (l *Link) noteStates() {
	for _, e := range l.endpoints {
		if e.noted == e.machine.state {
			continue
		}
		e.noted, e.since = e.machine.state, l.now()
		l.observer.StateChanged(e.Endpoint, e.noted)
		e.log.state(l.logger, time.Now(), e)
	}
}
