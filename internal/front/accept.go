package front

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/reason"
)

// We accept by ourselves and hand connections over to the loops: gnet's own accept ends
// the whole engine when there is no file descriptor left.

const (
	// acceptors of each listener. One alone would wait for a loop between two connections.
	acceptors = 4

	minPause = 5 * time.Millisecond // after an accept that failed, doubled each time
	maxPause = time.Second
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

// accept takes connections in until its listener is closed. No other error ends it: what
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
		case errors.Is(err, os.ErrDeadlineExceeded): // Hold
			if !s.held.wait(s.closing) {
				return
			}
			continue
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
	defer s.rescueAccept(nc)
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
		c.notHalfOpen()
		s.admission.Release(&c.admission)
		if err == nil {
			err = unix.ENOSPC // epoll did not take it; gnet keeps the error to itself
		}
		return fmt.Errorf("hand over to an event loop: %w", err)
	}
	return nil
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
