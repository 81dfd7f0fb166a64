package robustness

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// point is the place in the dialogue with PostgreSQL at which a connection is cut.
type point int

const (
	nowhere      point = iota
	inStatement        // in the middle of a message that carries records: nothing is committed
	beforeCommit       // COMMIT does not reach PostgreSQL: failed
	atCommit           // COMMIT reaches it, we are gone before it answers: who knows
	afterCommit        // COMMIT's answer does not reach the front: failed, but committed
)

// proxy stands between the front and one PostgreSQL.
type proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string // "" refuses everybody
	links  map[*link]bool
	cut    point
	cuts   int // left to make
	fired  chan struct{}
	gate   chan struct{} // nil, or closed when the black hole ends
	delay  time.Duration // of each message
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, links: map[*link]bool{}}
	go p.accept()
	t.Cleanup(func() {
		p.swallow(false)
		p.lead("")
		l.Close()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// lead sends new connections to target, and cuts those that lead elsewhere.
func (p *proxy) lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	for l := range p.links {
		l.end()
	}
}

// arm cuts the next n connections that come to that point; the channel is closed after
// the last.
func (p *proxy) arm(at point, n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.cuts, p.fired = at, n, make(chan struct{})
	return p.fired
}

// fires reports whether a connection at that point is to be cut now.
func (p *proxy) fires(at point) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut != at {
		return false
	}
	if p.cuts--; p.cuts == 0 {
		p.cut = nowhere
		close(p.fired)
	}
	return true
}

// swallow begins or ends a black hole: connections stand, and nothing passes.
func (p *proxy) swallow(on bool) {
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

// slow delays each message.
func (p *proxy) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// pass waits until a message may go on.
func (p *proxy) pass() {
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

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(client)
	}
}

func (p *proxy) serve(client net.Conn) {
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server}
	p.mu.Lock()
	p.links[l] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(l.up)
	both.Go(l.down)
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// link is one connection through a proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn

	mu   sync.Mutex
	deaf bool // what comes next is the answer to COMMIT: not passed on
}

func (l *link) end() {
	l.client.Close()
	l.server.Close()
}

// up carries messages to the server, one at a time. Only the first has no type.
func (l *link) up() {
	defer l.end()
	for typed := 0; ; typed = 1 {
		m, err := readMessage(l.client, typed)
		if err != nil {
			return
		}
		l.proxy.pass()
		switch {
		case typed == 1 && carriesRecords(m) && l.proxy.fires(inStatement):
			_, _ = l.server.Write(m[:len(m)/2])
			return
		case isCommit(m) && l.proxy.fires(beforeCommit):
			return
		case isCommit(m) && l.proxy.fires(atCommit):
			_, _ = l.server.Write(m)
			return
		case isCommit(m) && l.proxy.fires(afterCommit):
			l.mu.Lock()
			l.deaf = true
			l.mu.Unlock()
		}
		if _, err := l.server.Write(m); err != nil {
			return
		}
	}
}

// down carries answers to the client.
func (l *link) down() {
	defer l.end()
	b := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(b)
		if err != nil {
			return
		}
		l.proxy.pass()
		l.mu.Lock()
		deaf := l.deaf
		l.mu.Unlock()
		if deaf {
			return // PostgreSQL has answered, so it has committed
		}
		if _, err := l.client.Write(b[:n]); err != nil {
			return
		}
	}
}

// readMessage reads one message of PostgreSQL's protocol: typed bytes of type, four of
// length, the body.
func readMessage(r io.Reader, typed int) ([]byte, error) {
	head := make([]byte, typed+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[typed:]))
	if n < 4 || n > 64<<20 {
		return nil, io.ErrUnexpectedEOF
	}
	m := make([]byte, typed+n)
	_, err := io.ReadFull(r, m[copy(m, head):])
	return m, err
}

// carriesRecords: CopyData, or a Bind that is too long for anything else.
func carriesRecords(m []byte) bool { return m[0] == 'd' || m[0] == 'B' && len(m) > 600 }

func isCommit(m []byte) bool {
	return m[0] == 'Q' && bytes.EqualFold(bytes.TrimRight(m[5:], "\x00"), []byte("commit"))
}
