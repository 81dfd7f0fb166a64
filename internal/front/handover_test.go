package front_test

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
)

// park holds and parks the front.
func (r *running) park() *front.Handover {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	if err := r.Hold(ctx); err != nil {
		r.t.Fatal(err)
	}
	h, err := r.Park(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// takeOver is another front with all that a parked one has. Both are in this process: the descriptors are copied as the kernel
// copies those that are sent to another.
func (r *running) takeOver(cfg front.Config, given *front.Handover) (taker *running, e *echo) {
	r.t.Helper()
	h := newHandler()
	e = startEcho(r.t, h)
	cfg.Resumed = &front.Handover{LastID: given.LastID}
	for _, m := range given.Moved {
		fd, err := unix.Dup(m.FD)
		if err != nil {
			r.t.Fatal(err)
		}
		cfg.Resumed.Resumed = append(cfg.Resumed.Resumed, &front.Resumed{File: os.NewFile(uintptr(fd), "handed over"), Image: m.Image})
	}
	cfg.Listen = func(string) (*net.TCPListener, error) {
		f, err := given.Listeners[0].File()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		l, err := net.FileListener(f)
		return l.(*net.TCPListener), err
	}
	sessions := map[int32]core.Session{}
	cfg.AtCore = func(id int32) core.Session { return sessions[id] }
	c := newCounts()
	s := front.New(cfg, h, c, zap.NewNop())
	if err := s.Prepare(); err != nil {
		r.t.Fatal(err)
	}
	for _, m := range cfg.Resumed.Resumed {
		user := string(m.Image.Dialogue.Session.UserID)
		at := &echoSession{e, user, s.TerminalOf(m)}
		e.sessions[user], sessions[m.Image.Dialogue.Peer.SessionID] = at, at
	}
	if err := s.Start(); err != nil {
		r.t.Fatal(err)
	}
	taker = &running{Server: s, t: r.t, h: h, counts: c, addr: r.addr}
	r.t.Cleanup(taker.stop)
	r.t.Cleanup(r.Release) // else its loops would never end
	return taker, e
}

// TestHandover: another front goes on with the connections of one that is parked. What a terminal had sent in part, what was left
// unread, what it sends while no front reads, and what it has not read itself all come in their order.
func TestHandover(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	cfg := config()
	cfg.Limits.Outbound = 64 << 20
	r := start(t, cfg, h)
	m, slow := r.trade("a"), r.trade("slow")
	second := order(3, 2, 100)
	m.Send(order(3, 1, 100), second[:30])
	expectOrders(t, m.Conn, 1, 1, 100)

	// The slow terminal leaves unread more than its socket takes. A front that was parked goes on as if nothing had been.
	delivered, given := uint32(0), (*front.Handover)(nil)
	for backlog := 0; backlog == 0; {
		if delivered > 10000 {
			t.Fatal("the sockets took 40 MB that were not read")
		}
		if given != nil {
			r.Release()
		}
		for range 20 {
			delivered++
			e.session("slow").terminal.Deliver(order(3, delivered, 4000)[ftd.FrameHeaderLen:])
		}
		given = r.park()
		for _, one := range given.Moved {
			backlog += len(one.Image.Outbound)
		}
	}
	t.Logf("%d messages were not read", delivered)
	m.Send(second[30:], order(3, 3, 100))
	taker, e2 := r.takeOver(cfg, given)
	m.Send(order(3, 4, 100))
	if got := e2.passed.Load(); got != 0 {
		t.Errorf("%d requests were taken by a front that holds", got)
	}
	taker.Release()
	expectOrders(t, m.Conn, 2, 4, 100)
	delivered++
	e2.session("slow").terminal.Deliver(order(3, delivered, 4000)[ftd.FrameHeaderLen:])
	expectOrders(t, slow.Conn, 1, delivered, 4000)
	other := taker.trade("b")
	other.Send(order(3, 1, 9))
	expectOrders(t, other.Conn, 1, 1, 9)
	for _, c := range []net.Conn{m.Conn, slow.Conn, other.Conn} {
		_ = c.Close()
	}
	e2.expectClosed("a", ftd.ReasonGone)
	r.Release() // what is left of it finds its connections closed
}
