package link

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/testmain"
)

// swallow reads from the core's end of a link, and greets.
func swallow(t testing.TB, listener net.Listener) net.Conn {
	c, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if over, is := c.(*tls.Conn); is {
		if err := over.Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}()
	return c
}

// connected is a link over a real network whose reader the test plays.
func connected(t testing.TB, n realNet) (*Link, *conn) {
	listener, endpoint := n.listen(t)
	t.Cleanup(func() { listener.Close() })
	o := testOptions(t)
	o.Endpoints, o.Dial, o.Logger = []Endpoint{endpoint}, nil, nil
	l := New(o)
	t.Cleanup(func() { stopLink(t, l) })
	dialled := make(chan net.Conn, 1)
	go func() { dialled <- swallow(t, listener) }()
	c, p := l.open(l.endpoints[0])
	if p != nil {
		t.Fatal(p)
	}
	back := <-dialled
	t.Cleanup(func() { back.Close() })
	served := serveBy(t, l, c)
	t.Cleanup(func() { served.end(problemf(PeerClosed, "the core closed")) }) // nothing reads, and so sees its end: the link would wait for that
	return l, served
}

func serveBy(t testing.TB, l *Link, c *conn) *conn {
	l.step(func() { l.endpoints[0].machine.dial() })
	l.group.Go(func() { c.out.run(c.ctx.Done()) })
	c.hears()
	if err := c.greet(); err != nil {
		t.Fatal(err)
	}
	c.out.flush()
	c.watch()
	a := accept(ftd.CoreActive, instanceA, 1)
	a.HeartbeatSeconds = 999
	feed(t, c, message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) }))
	return c
}

// TestNoAllocationPerMessage: a business message in steady state allocates nothing, to the core and from it.
func TestNoAllocationPerMessage(t *testing.T) {
	testmain.NotRaced(t) // a sync.Pool, as TLS has one, forgets at random under the race detector
	for _, n := range networks {
		l, c := connected(t, n)
		terminal := &countingTerminal{}
		s := logIn(t, l, c, 1, terminal, ftd.Point{Series: 3})
		h, body := business(3, 0, 1, "an order of a usual size, with some items")
		number := uint32(0)
		out := func() {
			number++
			h.SequenceNumber = number
			if r := s.Pass(h, body); r != reason.OK {
				t.Fatal(r)
			}
			s.Flush()
			s.Wait()
		}
		for range 10_000 { // the queue has its size
			out()
		}
		if got := testing.AllocsPerRun(2000, out); got > 0 {
			t.Errorf("%s: a message to the core allocates %v times", n.name, got)
		}
		in := append(toSession(1, body), ftd.AppendHeartbeat(nil)...)
		in = append(in, ftd.AppendBroadcast(nil, 'D', func() []byte { _, b := business(0x1100, 3, 9, "x"); return b }())...)
		before := terminal.delivered
		if got := testing.AllocsPerRun(2000, func() { feed(t, c, in); c.tell() }); got > 0 {
			t.Errorf("%s: a message from the core allocates %v times", n.name, got)
		}
		if terminal.delivered != before+2*2001 {
			t.Errorf("%d messages were delivered", terminal.delivered-before)
		}
	}
}

// BenchmarkPass is a message from Pass into the socket, one write each.
func BenchmarkPass(b *testing.B) {
	for _, n := range networks {
		b.Run(n.name, func(b *testing.B) {
			l, c := connected(b, n)
			s := logIn(b, l, c, 1, &countingTerminal{})
			h, body := business(3, 0, 1, string(make([]byte, 180)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				for s.Pass(h, body) != reason.OK {
					time.Sleep(time.Millisecond) // the core reads more slowly than this
				}
				s.Flush()
			}
		})
	}
}

// BenchmarkDeliver is a message from the read buffer to the terminal.
func BenchmarkDeliver(b *testing.B) {
	l, c := connected(b, networks[0])
	logIn(b, l, c, 1, &countingTerminal{})
	_, body := business(3, 0, 1, string(make([]byte, 180)))
	in := toSession(1, body)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, p := c.frames(in); p != nil {
			b.Fatal(p)
		}
	}
}
