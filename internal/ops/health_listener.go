package ops

import (
	"container/list"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/source"
)

// The bounds of the health listener. Its clients have no password.
const (
	// healthConnections keeps its clients from the descriptors that terminals need.
	healthConnections = 64
	// healthConnectionsOfOne keeps one host from all of these: a balancer that gets no answer takes the front out.
	healthConnectionsOfOne = 8
	// healthReadTimeout is long for a balancer that is on its way, and short for a connection that sends nothing.
	healthReadTimeout = time.Second
)

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
	a.server.ReadTimeout = healthReadTimeout
	a.listener = newBounded(a.listener, healthConnections, healthConnectionsOfOne)
	return a, nil
}

// bounded is a listener that has so many connections at once; more wait in the kernel's queue. A connection that is kept open between
// two requests gives its place to one that waits: else a client that asks nothing more could keep all others out.
// Of one source it has ofOne, and closes what is over.
type bounded struct {
	net.Listener
	free  chan struct{}
	end   sync.Once
	ended chan struct{}

	ofOne   int  // 0 for no such bound
	notOurs bool // it does not count for this machine
	mu      sync.Mutex
	open    map[netip.Prefix]int // of each source
	idle    list.List            // of *boundedConn, the longest idle first
	full    bool                 // Accept waits for a place
}

func newBounded(l net.Listener, connections, ofOne int) *bounded {
	return &bounded{
		Listener: l, free: make(chan struct{}, connections), ended: make(chan struct{}), ofOne: ofOne, open: make(map[netip.Prefix]int),
	}
}

func (b *bounded) Accept() (net.Conn, error) {
	if !b.take() {
		return nil, net.ErrClosed
	}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			<-b.free
			return nil, err
		}
		var from netip.Prefix
		if a, is := c.RemoteAddr().(*net.TCPAddr); is && !(b.notOurs && a.IP.IsLoopback()) {
			from = source.Of(a.AddrPort().Addr())
		}
		if b.enter(from) {
			return &boundedConn{Conn: c, release: sync.OnceFunc(func() { b.leave(from) })}, nil
		}
		_ = c.Close()
	}
}

// take takes a place, of the connection that is idle longest if there is no other; false once the listener is closed.
func (b *bounded) take() bool {
	select {
	case b.free <- struct{}{}:
		return true
	default:
	}
	b.setFull(true)
	defer b.setFull(false)
	select {
	case b.free <- struct{}{}:
		return true
	case <-b.ended:
		return false
	}
}

func (b *bounded) setFull(full bool) {
	b.mu.Lock()
	b.full = full
	var longest *boundedConn
	if e := b.idle.Front(); e != nil && full {
		longest = b.leaveIdle(e.Value.(*boundedConn))
	}
	b.mu.Unlock()
	if longest != nil {
		_ = longest.Close()
	}
}

// leaveIdle takes c out of the idle ones. mu is held.
func (b *bounded) leaveIdle(c *boundedConn) *boundedConn {
	if c.idle != nil {
		b.idle.Remove(c.idle)
		c.idle = nil
	}
	return c
}

// changed is http.Server.ConnState. One that becomes idle while another waits for a place ends.
func (b *bounded) changed(conn net.Conn, state http.ConnState) {
	if secure, is := conn.(interface{ NetConn() net.Conn }); is {
		conn = secure.NetConn()
	}
	c, is := conn.(*boundedConn)
	if !is {
		return
	}
	b.mu.Lock()
	b.leaveIdle(c)
	ends := state == http.StateIdle && b.full
	if state == http.StateIdle && !ends {
		c.idle = b.idle.PushBack(c)
	}
	b.mu.Unlock()
	if ends {
		_ = c.Close()
	}
}

// enter counts a connection of a source; false if the source has all that it may. The zero source has no bound.
func (b *bounded) enter(from netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ofOne > 0 && b.open[from] >= b.ofOne && from.IsValid() {
		return false
	}
	b.open[from]++
	return true
}

func (b *bounded) leave(from netip.Prefix) {
	b.mu.Lock()
	if b.open[from]--; b.open[from] == 0 {
		delete(b.open, from)
	}
	b.mu.Unlock()
	<-b.free
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
	idle    *list.Element // in bounded.idle; nil while it is not idle
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
