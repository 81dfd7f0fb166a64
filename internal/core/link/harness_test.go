package link

import (
	"net"
	"runtime"
	"testing"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// sinkConn is a connection that takes all and says nothing.
type sinkConn struct{ net.Conn }

func (sinkConn) Write(b []byte) (int, error) { return len(b), nil }
func (sinkConn) Close() error                { return nil }

// attach is a connection at the link's first endpoint, whose core is active; what the core sends is handed to its frames by
// the test, as the reader does.
func attach(t testing.TB, l *Link, raw net.Conn) *conn {
	e := l.endpoints[0]
	l.step(func() { e.machine.dial() })
	c := newConn(l, e, newWire(raw))
	l.group.Go(func() { c.out.run(c.ctx.Done()) })
	c.hears()
	if err := c.greet(); err != nil {
		t.Fatal(err)
	}
	c.out.flush()
	c.watch()
	t.Cleanup(func() { c.timer.Stop() })
	a := accept(ftd.CoreActive, instanceA, 1)
	feed(t, c, message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) }))
	return c
}

func feed(t testing.TB, c *conn, bytes []byte) {
	t.Helper()
	if used, p := c.frames(bytes); p != nil || used != len(bytes) {
		t.Fatalf("%d of %d bytes were used: %v", used, len(bytes), p)
	}
}

// logIn verifies a session over c, and opens it.
func logIn(t testing.TB, l *Link, c *conn, id int32, terminal core.Terminal, asked ...ftd.Point) core.Session {
	reserve(t, l, c, id, terminal)
	s, err := l.Open(opening(id, terminal, asked...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reserve verifies a session over c.
func reserve(t testing.TB, l *Link, c *conn, id int32, terminal core.Terminal) {
	answer := ask(t, l, id, terminal)
	feed(t, c, verifyOK(id))
	if got := <-answer; got.err != nil {
		t.Fatal(got.err)
	}
}

// ask begins a login, up to where the core's answer is awaited.
func ask(t testing.TB, l *Link, id int32, terminal core.Terminal) <-chan verifyGot {
	answer := verify(t.Context(), l, attempt(t, id, terminal))
	for l.table.get(id) == nil {
		select {
		case got := <-answer:
			t.Fatal(got.err)
		default:
			runtime.Gosched()
		}
	}
	return answer
}

// countingTerminal counts, and allocates nothing.
type countingTerminal struct{ delivered, bytes, exits int }

func (c *countingTerminal) Deliver(body []byte)                  { c.delivered++; c.bytes += len(body) }
func (c *countingTerminal) Refuse(uint16, uint32, reason.Reason) {}
func (c *countingTerminal) Exit([]byte, reason.Close)            { c.exits++ }
