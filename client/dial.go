package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// DialTimeout bounds connecting, unless WithDialer has another bound.
const DialTimeout = 10 * time.Second

// Option changes how Dial connects.
type Option func(*dialing)

type dialing struct {
	dialer net.Dialer
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	conn   net.Conn

	handler func(Message)
	relay   func(*Event)
}

// WithDialer connects with a copy of d, for its timeout, local address or control function.
func WithDialer(d *net.Dialer) Option {
	return func(o *dialing) { o.dialer = *d }
}

// WithDialFunc connects by f in place of a net.Dialer: (*tls.Dialer).DialContext, for example, or a proxy's.
func WithDialFunc(f func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(o *dialing) { o.dial = f }
}

// WithSourceAddr connects from that address of this machine and any free port. If both
// are given, WithDialer must be first, since it replaces the local address.
func WithSourceAddr(a netip.Addr) Option {
	return func(o *dialing) {
		o.dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0))
	}
}

// WithConn uses conn, which is connected already, and ignores the address. The Conn owns
// it from then on.
func WithConn(conn net.Conn) Option {
	return func(o *dialing) { o.conn = conn }
}

func withRelay(f func(*Event)) Option { return func(o *dialing) { o.relay = f } }

// Dial connects to a front at host:port. The context bounds connecting only; close the
// Conn when done with it.
func Dial(ctx context.Context, addr string, opts ...Option) (*Conn, error) {
	o := dialing{dialer: net.Dialer{Timeout: DialTimeout}}
	for _, opt := range opts {
		opt(&o)
	}
	if o.conn == nil {
		if o.dial == nil {
			o.dial = o.dialer.DialContext
		}
		ctx, cancel := context.WithTimeout(ctx, orDefault(o.dialer.Timeout, DialTimeout))
		defer cancel()
		conn, err := o.dial(ctx, "tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
		o.conn = conn
	}
	return start(&o), nil
}
