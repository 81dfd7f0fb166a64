package front

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ConnectionBudget is how many connections the process can take: its limit of open
// files less a reserve for everything else (stores, logs, listeners, and connections
// that were accepted but not yet counted). wanted 0 asks for all of it; more than all of
// it is an error that says what to do. The reserve matters: gnet stops for good when
// accept finds no file descriptor.
func ConnectionBudget(wanted int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	return budget(wanted, int(min(limit.Cur, 1<<30)))
}

const (
	maxReserve = 4096 + 512 // a full accept queue, and our own files
	minReserve = 64
)

func budget(wanted, limit int) (int, error) {
	reserve := min(max(limit/4, minReserve), maxReserve)
	room := limit - reserve
	switch {
	case room < 1:
		return 0, fmt.Errorf("the limit of open files is %d, at least %d are needed: raise it (ulimit -n, LimitNOFILE=)",
			limit, minReserve+1)
	case wanted == 0:
		return room, nil
	case wanted > room:
		return 0, fmt.Errorf("%d connections do not fit the limit of %d open files (%d are kept in reserve): "+
			"raise it (ulimit -n, LimitNOFILE=) or set at most %d", wanted, limit, reserve, room)
	}
	return wanted, nil
}

// Probe reports whether address can be listened on now: gnet's own error does not say
// which of several addresses it was.
func Probe(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

// gnetAddress says "[::]:port" without a host, because gnet takes only that for both
// IPv6 and IPv4, as everybody else does with either.
func gnetAddress(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && host == "::" {
		return ":" + port
	}
	return address
}

// boundAddr asks the kernel, since gnet does not tell which port 0 became.
func (s *Server) boundAddr(address string) (netip.AddrPort, error) {
	var (
		fd  int
		err error
	)
	if len(s.cfg.Addresses) == 1 {
		fd, err = s.engine.Dup()
	} else {
		fd, err = s.engine.DupListener("tcp", gnetAddress(address))
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer func() { _ = unix.Close(fd) }()
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)), nil
	}
	return netip.AddrPort{}, fmt.Errorf("unexpected socket address %T", sa)
}
