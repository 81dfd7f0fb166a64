// Package ports gives a test a TCP port for a server that takes only a number, or that listens on the same port again after a restart (PostgreSQL,
// pgbouncer, HAProxy, nginx, a front that a test kills), and for a server that is not there. A server that may choose is given port 0 and asked
// for its address.
//
// # Invariants
//
//   - No two tests are given the same port, also when they are of different packages, whose processes run side by side. That a port is
//     free does not say so: its server binds it later. So the test's process binds the same number as a UDP port, where no server of the
//     tests listens, and the kernel keeps the second process off. It frees the port when the process ends, however it ends.
//   - No outgoing connection has one of these ports, for they lie below those that Linux gives to connections (32,768 and up).
//   - A port on which a server listens already is not given.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// The ports that Take draws from: below are those of well-known services, above those of connections.
const (
	lowest = 12_000
	number = 20_000
)

// taken has what keeps other tests off the ports given, until this process ends: without it the garbage collector would close the sockets.
var taken struct {
	sync.Mutex
	sockets []net.PacketConn
}

// Take is a port of 127.0.0.1 that no other caller is given until this process ends. It fails if each port is taken.
func Take() (int, error) { return take(lowest, number) }

// Address is a port that Take has given, as host:port.
func Address(t testing.TB) string {
	t.Helper()
	port, err := Take()
	if err != nil {
		t.Fatal(err)
	}
	return address(port)
}

// take draws where it begins, so that processes seldom ask for the same one, and asks for each of n ports in turn.
func take(first, n int) (port int, err error) {
	begin := rand.IntN(n)
	for i := range n {
		port = first + (begin+i)%n
		if err = reserve(port); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port of 127.0.0.1 from %d to %d is free: %w", first, first+n-1, err)
}

// reserve takes one port, if no test has it and no server listens there.
func reserve(port int) error {
	socket, err := net.ListenPacket("udp4", address(port))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp4", address(port))
	if err != nil {
		_ = socket.Close()
		return err
	}
	taken.Lock()
	defer taken.Unlock()
	taken.sockets = append(taken.sockets, socket)
	return l.Close()
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
