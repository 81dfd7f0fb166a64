package front

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const keepAlive = 60 * time.Second // TCP's own, finds peers that are gone without a FIN

// Listen binds an address. Accepted sockets inherit the keep-alive options.
func Listen(address string) (*net.TCPListener, error) {
	lc := net.ListenConfig{
		KeepAlive: -1, // not by Go, which would make four system calls for each connection
		Control:   func(_, _ string, c syscall.RawConn) error { return setKeepAlive(c) },
	}
	l, err := lc.Listen(context.Background(), network(address), address)
	if err != nil {
		return nil, fmt.Errorf("front: %w", listenError(address, err))
	}
	return l.(*net.TCPListener), nil
}

// listenError names the address as it was configured: Go's own message has 0.0.0.0 for [::].
func listenError(address string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen tcp %s: %w", address, err)
}

// network keeps 0.0.0.0 to IPv4, where Go would listen on IPv6 as well.
func network(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "tcp"
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() && ip.IsUnspecified() {
		return "tcp4"
	}
	return "tcp"
}

func setKeepAlive(c syscall.RawConn) error {
	var err error
	ctl := c.Control(func(fd uintptr) {
		err = errors.Join(
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAlive.Seconds())),
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(keepAlive.Seconds())/5),
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 5),
		)
	})
	return errors.Join(ctl, err)
}

// Probe reports whether address can be listened on now.
func Probe(address string) error {
	l, err := Listen(address)
	if err != nil {
		return errors.Unwrap(err)
	}
	return l.Close()
}

// listener is one address that is listened on; its acceptors share it.
type listener struct {
	*net.TCPListener
	proxy   *ProxyRule // nil if peers are the terminals
	relays  bool       // admits them and nothing else
	trusted atomic.Pointer[[]netip.Prefix]
	system  logLimit // accept fails
}

func newListener(bound *net.TCPListener, as *Listener) *listener {
	l := &listener{TCPListener: bound, proxy: as.Proxy, relays: as.Relays}
	var trusted []netip.Prefix
	if as.Proxy != nil {
		trusted = as.Proxy.Trusted
	}
	l.trusted.Store(&trusted)
	return l
}

// trusts reports whether the listener takes the PROXY headers that addr sends.
func (l *listener) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(*l.trusted.Load(), func(p netip.Prefix) bool { return p.Contains(addr) })
}

// SetTrusted replaces the trusted networks of the listeners, in the order of
// Config.Listeners. It closes no open connection.
func (s *Server) SetTrusted(networks [][]netip.Prefix) {
	for i, l := range s.listeners {
		l.trusted.Store(&networks[i])
	}
}
