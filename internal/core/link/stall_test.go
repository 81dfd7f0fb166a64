package link

import (
	"net"
	"sync/atomic"
)

type netConn = net.Conn

// stallConn is a connection whose writes can be held up.
type stallConn struct {
	net.Conn
	stall   atomic.Bool
	release chan struct{}
}

func (s *stallConn) Write(b []byte) (int, error) {
	if s.stall.Load() {
		<-s.release
	}
	return s.Conn.Write(b)
}
