package front

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
)

// We accept by ourselves and hand connections over to the loops: gnet's own accept ends
// the whole engine when there is no file descriptor left.

const (
	// acceptors of each listener. One alone would wait for a loop between two connections.
	acceptors = 4

	minPause = 5 * time.Millisecond // after an accept that failed, doubled each time
	maxPause = time.Second

	keepAlive = 60 * time.Second // TCP's own, finds peers that are gone without a FIN
)

// AcceptFaults are the values of Observer.AcceptFailed: which of its resources ran out.
func AcceptFaults() []string { return []string{faultFiles, faultSystemFiles, faultMemory, faultOther} }

const (
	faultFiles       = "open_files"   // the process's limit of open files
	faultSystemFiles = "system_files" // the machine's
	faultMemory      = "memory"       // of the kernel, for sockets or for epoll
	faultOther       = "other"
)

func acceptFault(err error) string {
	switch {
	case errors.Is(err, unix.EMFILE):
		return faultFiles
	case errors.Is(err, unix.ENFILE):
		return faultSystemFiles
	case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.ENOSPC):
		return faultMemory
	}
	return faultOther
}

// listen binds an address. Accepted sockets inherit the keep-alive options.
func listen(address string) (*net.TCPListener, error) {
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
	l, err := listen(address)
	if err != nil {
		return errors.Unwrap(err)
	}
	return l.Close()
}

// listener is one address that is listened on; its acceptors share it.
type listener struct {
	*net.TCPListener
	proxy     *ProxyRule // nil if peers are the terminals
	trusted   atomic.Pointer[[]netip.Prefix]
	system    trouble // accept fails
	strangers trouble // not trusted
	headers   trouble // trusted, and no header
}

func newListener(bound *net.TCPListener, proxy *ProxyRule) *listener {
	l := &listener{TCPListener: bound, proxy: proxy}
	var trusted []netip.Prefix
	if proxy != nil {
		trusted = proxy.Trusted
	}
	l.trusted.Store(&trusted)
	return l
}

// trouble keeps a repeated failure at a listener from filling the log: it is logged once a
// minute. The metric counts each.
type trouble struct{ last atomic.Int64 }

func (t *trouble) shouldLog(now time.Time) bool {
	last := t.last.Load()
	return now.UnixNano()-last >= int64(troublePeriod) && t.last.CompareAndSwap(last, now.UnixNano())
}

const troublePeriod = time.Minute

// accept takes connections in until its listener is closed. No other error ends it: whatever
// ran out is available again when connections end.
func (s *Server) accept(l *listener) {
	pause := minPause
	for {
		nc, err := l.AcceptTCP()
		if err == nil {
			err = s.takeIn(nc, l)
		}
		switch {
		case err == nil:
			pause = minPause
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		s.observer.AcceptFailed(acceptFault(err))
		if l.system.shouldLog(time.Now()) {
			s.log.Warn("connections cannot be accepted; tried again until it works. "+
				"If open files ran out, raise LimitNOFILE or lower limits.connections",
				zap.Stringer("listener", l.Addr()), zap.Error(err))
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		case <-s.closing:
			return
		}
	}
}

// takeIn asks admission, and hands the connection over to a loop. It owns nc. The error is one
// of the system; a refusal is none.
func (s *Server) takeIn(nc *net.TCPConn, l *listener) error {
	c := &conn{server: s, listener: l}
	c.admission.Owner = c
	if refused := s.admit(c, peerAddr(nc.LocalAddr(), nc.RemoteAddr()), time.Now()); refused != reason.StayOpen {
		s.observer.ConnectionRefused(refused.String())
		_ = nc.Close()
		return nil
	}
	// The loop gets a duplicate, and nc is closed: for a moment there are two descriptors.
	// Once this returns OnOpen has run, or never will.
	_, err := s.engine.EnrollContext(nc, c)
	if c.home.Load() == nil {
		s.admission.Release(&c.admission)
		if err == nil {
			err = unix.ENOSPC // epoll did not take it; gnet keeps the error to itself
		}
		return fmt.Errorf("hand over to an event loop: %w", err)
	}
	return nil
}

// admit judges a newcomer by what its listener takes: terminals, or trusted proxies.
func (s *Server) admit(c *conn, peer netip.AddrPort, now time.Time) reason.Close {
	var verdict admission.Verdict
	switch l := c.listener; {
	case l.proxy == nil:
		c.peer.Addr = peer
		verdict = s.admission.Admit(&c.admission, peer.Addr(), now)
	case !l.trusts(peer.Addr()):
		if l.strangers.shouldLog(now) {
			s.log.Warn("a connection from an address that is not in trusted_proxies was refused",
				zap.Stringer("listener", l.Addr()), zap.Stringer("address", ops.MaskedAddr(peer.Addr())))
		}
		return reason.ProxyUntrusted
	default: // the header will name the client
		c.peer.Proxy = peer.Addr()
		c.proxy = &proxyState{rule: l.proxy, since: now}
		verdict = s.admission.AdmitProxied(&c.admission)
	}
	s.evict(verdict.Victim)
	return verdict.Refused
}

// peerAddr copies the peer's address, unmapped and without zone. It also takes the zones
// off the socket's own addresses: gnet would put their bytes, which Go shares between all
// connections, into a pool to be written over.
func peerAddr(local, remote net.Addr) netip.AddrPort {
	for _, a := range []net.Addr{local, remote} {
		if tcp, ok := a.(*net.TCPAddr); ok {
			tcp.Zone = ""
		}
	}
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := tcp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
