package cutproxy

import (
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Point is the place in a transaction at which a connection is cut.
type Point int

// The points.
const (
	nowhere      Point = iota
	InStatement        // in the middle of a message that carries records: nothing is committed
	BeforeCommit       // COMMIT does not reach PostgreSQL: failed
	AtCommit           // COMMIT reaches it, and the connection is gone before the answer: unknown
	AfterCommit        // the answer to COMMIT does not reach the client: failed, but committed
)

// Proxy leads connections to one server. Its methods may be called from any goroutine.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup
	bytes    bool           // not PostgreSQL's protocol
	watch    func() Watcher // of each connection; nil for none

	mu     sync.Mutex
	target string // "" refuses every connection
	links  map[*link]bool
	at     Point
	left   int // cuts to make
	fired  chan struct{}
	cuts   int
	match  Match         // of CutBytes; nil for none
	gate   chan struct{} // nil, or closed when the black hole ends
	delay  time.Duration // of each message
}

// Start listens on a free port of 127.0.0.1. The proxy refuses connections until Lead; it ends
// with the test.
func Start(t testing.TB) *Proxy {
	t.Helper()
	return start(t, &Proxy{})
}

// Watcher sees the bytes of one connection before they pass on: up to the server, or down to the client. It is called
// by a goroutine for each direction, and must not keep b.
type Watcher func(up bool, b []byte)

// StartBytes is Start for any protocol: bytes pass as they come, and no connection can be cut at a Point. watch is
// called for each connection; nil watches none.
func StartBytes(t testing.TB, watch func() Watcher) *Proxy {
	t.Helper()
	return start(t, &Proxy{bytes: true, watch: watch})
}

func start(t testing.TB, p *Proxy) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.listener, p.links = l, map[*link]bool{}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.BlackHole(false)
		p.Lead("")
		p.running.Wait()
	})
	return p
}

// Through leads the proxy to the server of a database's URL, and returns the URL that leads
// through the proxy.
func (p *Proxy) Through(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	p.Lead(u.Host)
	u.Host = p.Address()
	return u.String()
}

// Address is host:port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Lead leads new connections to the server at target, host:port, and cuts the open ones. If
// target is empty, it refuses them.
func (p *Proxy) Lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	for l := range p.links {
		l.end()
	}
}

// Cut cuts the next n connections that come to that point. The channel is closed when the last
// of them is there.
func (p *Proxy) Cut(at Point, n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.left, p.fired = at, n, make(chan struct{})
	return p.fired
}

// Match says of bytes on their way whether the connection is to be cut there. It must not keep b.
type Match func(up bool, b []byte) bool

// CutBytes is Cut of a proxy of StartBytes: it cuts the next n connections with bytes that match says. Of bytes to the
// server the first half passes, so that a frame is torn; of bytes to the client none does, so that what the server did
// is not known there. The channel is closed when the last of them is cut; a further call, or a nil match, takes the
// match back.
func (p *Proxy) CutBytes(match Match, n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.match, p.left, p.fired = match, n, make(chan struct{})
	return p.fired
}

// firesAt reports whether a connection with these bytes is to be cut now.
func (p *Proxy) firesAt(up bool, b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.match == nil || !p.match(up, b) {
		return false
	}
	p.cuts++
	if p.left--; p.left == 0 {
		p.match = nil
		close(p.fired)
	}
	return true
}

// Cuts is how many connections Cut and CutBytes have cut.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// BlackHole begins or ends a time in which connections remain and no message passes.
func (p *Proxy) BlackHole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.gate == nil:
		p.gate = make(chan struct{})
	case !on && p.gate != nil:
		close(p.gate)
		p.gate = nil
	}
}

// Delay delays each message, in both directions.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// fires reports whether a connection at that point is to be cut now.
func (p *Proxy) fires(at Point) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at != at {
		return false
	}
	if p.left--; p.left == 0 {
		p.at = nowhere
		close(p.fired)
	}
	return true
}

// noteCut counts a connection that was cut.
func (p *Proxy) noteCut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts++
}

// pass waits until a message may pass.
func (p *Proxy) pass() {
	p.mu.Lock()
	gate, delay := p.gate, p.delay
	p.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if delay > 0 {
		time.Sleep(delay)
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server}
	p.mu.Lock()
	p.links[l] = true
	if p.target != target { // Lead has cut the others meanwhile
		l.end()
	}
	p.mu.Unlock()
	if p.watch != nil {
		l.watcher = p.watch()
	}
	var both sync.WaitGroup
	if p.bytes {
		both.Go(func() { l.copy(client, server, true) })
		both.Go(func() { l.copy(server, client, false) })
	} else {
		both.Go(l.up)
		both.Go(l.down)
	}
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}
