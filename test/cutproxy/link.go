package cutproxy

import (
	"net"
	"sync"
	"sync/atomic"
)

// link is one connection through a proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	dropNext       atomic.Bool // the next answer is COMMIT's, and must not pass
	counted        sync.Once
	watcher        Watcher // nil for none
}

// cut counts the connection as cut, once.
func (l *link) cut() { l.counted.Do(l.proxy.noteCut) }

func (l *link) end() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// up carries messages to the server, one at a time.
func (l *link) up() {
	defer l.end()
	for begun := false; ; {
		m, err := readMessage(l.client, begun)
		if err != nil {
			return
		}
		begun = begun || isStartup(m)
		l.proxy.pass()
		switch {
		case begun && carriesRecords(m) && l.proxy.fires(InStatement):
			_, _ = l.server.Write(m[:len(m)/2])
			l.cut()
			return
		case isCommit(m) && l.proxy.fires(BeforeCommit):
			l.cut()
			return
		case isCommit(m) && l.proxy.fires(AtCommit):
			l.dropNext.Store(true) // the answer may be there before the connection is closed
			_, _ = l.server.Write(m)
			l.cut()
			return
		case isCommit(m) && l.proxy.fires(AfterCommit):
			l.dropNext.Store(true)
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
		if l.dropNext.Load() {
			l.cut()
			return // PostgreSQL has answered, so it has committed
		}
		if _, err := l.client.Write(b[:n]); err != nil {
			return
		}
	}
}

// copy carries bytes as they come.
func (l *link) copy(from, to net.Conn, up bool) {
	defer l.end()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		l.proxy.pass()
		if l.watcher != nil {
			l.watcher(up, b[:n])
		}
		if l.proxy.firesAt(up, b[:n]) {
			if up {
				_, _ = to.Write(b[:n/2])
			}
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
