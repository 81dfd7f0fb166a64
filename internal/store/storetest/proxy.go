package storetest

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Cut says where a connection is cut.
type Cut int32

const (
	never        Cut = iota
	BeforeCommit     // COMMIT does not reach PostgreSQL: it failed
	AfterCommit      // PostgreSQL's answer to COMMIT does not reach us: failed but committed
)

// proxy stands between a store and PostgreSQL and cuts a connection at its COMMIT.
type proxy struct {
	listener net.Listener
	server   string
	Next     atomic.Int32 // cut of the next COMMIT; then never again
	Cuts     atomic.Int32 // how often it cut

	mu    sync.Mutex
	conns []net.Conn
}

// StartProxy returns a proxy and the URL that leads through it.
func StartProxy(t *testing.T, server string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: u.Host}
	go p.accept()
	t.Cleanup(p.close)
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		link := &link{proxy: p, client: client, server: server}
		go link.up()
		go link.down()
	}
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
}

// link is one connection through the proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn
	deaf           atomic.Bool // the answer that comes next is the COMMIT's: not passed on
}

func (l *link) end() {
	l.client.Close()
	l.server.Close()
}

// up carries statements to the server. pgx sends COMMIT as a simple query of its own.
func (l *link) up() {
	defer l.end()
	b := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(b)
		if err != nil {
			return
		}
		if bytes.Contains(b[:n], []byte("Q\x00\x00\x00\x0bcommit\x00")) {
			switch Cut(l.proxy.Next.Swap(int32(never))) {
			case BeforeCommit:
				l.proxy.Cuts.Add(1)
				return
			case AfterCommit:
				l.deaf.Store(true)
			}
		}
		if _, err := l.server.Write(b[:n]); err != nil {
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
		if l.deaf.Load() {
			l.proxy.Cuts.Add(1)
			return // PostgreSQL has answered, so it has committed
		}
		if _, err := l.client.Write(b[:n]); err != nil {
			return
		}
	}
}
