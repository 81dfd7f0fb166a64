package ops

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// healthConnections bounds the connections of the health listener, so that its clients
// cannot take the descriptors that terminals need.
const healthConnections = 64

// NewHealthListener answers /healthz and /readyz and nothing else, for load balancers: it may be
// bound to an address that other machines reach. It names the required checks that fail and gives
// no reasons, since reasons name hosts and files. However often it is asked, the checks run once
// a second.
func NewHealthListener(addr string, health *Health, logger *zap.Logger) (*Admin, error) {
	return NewHealthListenerOn(nil, addr, health, logger)
}

// NewHealthListenerOn is NewHealthListener on a socket that another process had bound, or on addr if it is nil.
func NewHealthListenerOn(given net.Listener, addr string, health *Health, logger *zap.Logger) (*Admin, error) {
	a := &Admin{mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /healthz", alivePage)
	a.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		report := health.Recent()
		if report.Ready {
			writePlain(w, "ready\n")
			return
		}
		plainHeader(w)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, "not ready:", strings.Join(report.Failing(), ", "))
	})
	if err := a.bind(given, addr, a.mux, logger); err != nil {
		return nil, fmt.Errorf("health listener: %w", err)
	}
	a.server.SetKeepAlivesEnabled(false) // a check is one request
	a.listener = newBounded(a.listener, healthConnections)
	return a, nil
}

// bounded is a listener that has so many connections at once; more wait in the kernel's queue.
type bounded struct {
	net.Listener
	free  chan struct{}
	end   sync.Once
	ended chan struct{}
}

func newBounded(l net.Listener, connections int) *bounded {
	return &bounded{Listener: l, free: make(chan struct{}, connections), ended: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.free <- struct{}{}:
	case <-b.ended:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.free
		return nil, err
	}
	return &boundedConn{Conn: c, release: sync.OnceFunc(func() { <-b.free })}, nil
}

func (b *bounded) Close() error {
	b.end.Do(func() { close(b.ended) })
	if err := b.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

type boundedConn struct {
	net.Conn
	release func()
}

func (c *boundedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// CloseWrite lets net/http end its half first: a client that still sends then reads the answer, and no reset.
func (c *boundedConn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}
