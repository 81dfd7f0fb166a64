package generators

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
)

// dialPatience is how long Dial waits for the coordinator, and writePatience how long a line may wait for the other side to read.
const (
	dialPatience  = 30 * time.Second
	writePatience = 30 * time.Second
)

// tcp is the way to a generator of another machine, and its way back.
type tcp struct{ net.Conn }

func (t tcp) Name() string { return t.RemoteAddr().String() }

func (t tcp) Write(b []byte) (int, error) {
	if err := t.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return 0, err
	}
	return t.Conn.Write(b)
}

// Dial connects to the coordinator at host:port, which is on loopback or at one of the hosts.
func Dial(ctx context.Context, address string, own []string) (Conn, error) {
	dialer := net.Dialer{Timeout: dialPatience}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--join: %w", err)
	}
	if err := owned(ctx, conn, own); err != nil {
		return nil, fmt.Errorf("--join: %w", err)
	}
	return tcp{conn}, nil
}

// owned closes a connection whose other side is neither loopback nor at one of the hosts.
func owned(ctx context.Context, conn net.Conn, own []string) error {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err == nil {
		err = loadtest.Owned(ctx, at.Addr(), own)
	}
	if err != nil {
		_ = conn.Close()
	}
	return err
}

// Accept waits at host:port for n generators. joined is called with how many are there; refused with why one was not taken.
func Accept(ctx context.Context, address string, n int, own []string, joined func(where string, n int), refused func(error)) (all []Conn, err error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	defer listener.Close()
	joined(listener.Addr().String(), 0)
	for len(all) < n {
		conn, err := listener.Accept()
		if err != nil {
			for _, c := range all {
				_ = c.Close()
			}
			return nil, fmt.Errorf("--listen: %d of %d generators joined: %w", len(all), n, err)
		}
		if err := owned(ctx, conn, own); err != nil {
			refused(err)
			continue
		}
		all = append(all, tcp{conn})
		joined(conn.RemoteAddr().String(), len(all))
	}
	return all, nil
}
