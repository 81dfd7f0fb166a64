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
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
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

// TestHandoverOfMoreThanMayStayUnread: a terminal that sends more than limits.inbound_bytes while the front holds keeps its session, also while
// the core of the taker wants nothing yet; what it then leaves unread beyond that is bounded as ever. A connection without a session is
// bounded meanwhile too.
func TestHandoverOfMoreThanMayStayUnread(t *testing.T) {
	for what, more := range map[string]int{"none for the taker": 0, "more for the taker that holds": 1} {
		t.Run(what, func(t *testing.T) { handOverUnread(t, more) })
	}
}

// handOverUnread has the terminal send that many orders more before the taker is released.
func handOverUnread(t *testing.T, more int) {
	h := newHandler()
	startEcho(t, h)
	cfg := config()
	cfg.Limits.Inbound = 10 << 10
	r := start(t, cfg, h)
	m, guest := r.trade("a"), r.dial()
	guest.Authenticate(software("v_s_1"), authCode)
	if err := r.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := uint32(0)
	send := func(orders int, front *running) {
		t.Helper()
		for range orders {
			sent++
			m.Send(order(3, sent, 1000))
		}
		all := int(sent) * len(order(3, 1, 1000))
		await.True(t, "the loops to have read", func() bool { return front.Unread() == all || front.Connections() == 0 })
	}
	send(100, r)
	for range 100 {
		guest.Send(order(3, 1, 1000))
	}
	guest.ExpectClosed()
	if got := <-r.counts.closed; got != reason.FrameFlood.String() {
		t.Errorf("without a session: closed by %s", got)
	}
	given, err := r.Park(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taker, e := r.takeOver(cfg, given)
	e.wait.Store(true)
	send(more, taker)
	taker.Release()
	send(2, taker)
	e.wait.Store(false)
	expectOrders(t, m.Conn, 1, sent, 1000)
	e.wait.Store(true)
	for range 100 {
		m.Send(order(3, 1, 1000))
	}
	if got := <-taker.counts.closed; got != reason.FrameFlood.String() { // the terminal sees nothing: r has a descriptor too
		t.Errorf("closed by %s", got)
	}
	r.Release()
}

// TestHandoverOfWhatCannotBeTaken: a terminal that resets its connection while no process reads it is over for gateway and core, and
// so is one whose descriptor is no socket. The other connections go on.
func TestHandoverOfWhatCannotBeTaken(t *testing.T) {
	h := newHandler()
	startEcho(t, h)
	cfg := config()
	r := start(t, cfg, h)
	stays, reset, greeted := r.trade("stays"), r.trade("reset"), r.dial()
	r.trade("file")
	greeted.Authenticate(software("v_s_1"), authCode)
	given := r.park()
	for _, m := range []net.Conn{reset.Conn, greeted.Conn} {
		_ = m.(*net.TCPConn).SetLinger(0)
		_ = m.Close()
	}
	await.True(t, "the resets have come", func() bool {
		gone := 0
		for _, m := range given.Moved {
			if _, err := unix.Getpeername(m.FD); err != nil {
				gone++
			}
		}
		return gone == 2
	})
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i := range given.Moved {
		if m := &given.Moved[i]; string(m.Image.Dialogue.Session.UserID) == "file" {
			m.FD = int(file.Fd())
		}
	}
	taker, e := r.takeOver(cfg, given)
	if a, b := <-taker.h.ended, <-taker.h.ended; a == b || a == "stays" || b == "stays" {
		t.Errorf("the sessions of %s and %s have ended", a, b)
	}
	e.expectClosed("reset", ftd.ReasonGone)
	e.expectClosed("file", ftd.ReasonGone)
	for range 3 {
		if got := <-taker.counts.closed; got != reason.PeerClosed.String() {
			t.Errorf("closed as %s", got)
		}
	}
	if got := taker.Connections(); got != 1 {
		t.Errorf("%d connections are open", got)
	}
	if got := taker.Admission(1).Open; got != 1 {
		t.Errorf("admission counts %d connections", got)
	}
	taker.Release()
	stays.Send(order(3, 1, 100))
	expectOrders(t, stays.Conn, 1, 1, 100)
	r.Release()
}

// pauseTap lets the loop wait at each frame.
type pauseTap struct {
	at, goOn chan struct{}
}

func (*pauseTap) Wants(session.Peer) bool                { return true }
func (*pauseTap) Malformed(session.Peer, string, []byte) {}
func (*pauseTap) Sent(session.Peer, []byte)              {}
func (*pauseTap) Ended(session.Peer, reason.Close)       {}

func (p *pauseTap) Received(session.Peer, []byte) {
	p.at <- struct{}{}
	<-p.goOn
}

// TestHoldWaitsForALoginThatItsLoopHadTaken: the loop had taken its frame before the front held, and lets the login go afterwards. Hold
// returns once it is answered.
func TestHoldWaitsForALoginThatItsLoopHadTaken(t *testing.T) {
	h := newHandler()
	h.hold = make(chan struct{}, 1)
	r := start(t, config(), h)
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	tap := &pauseTap{make(chan struct{}), make(chan struct{})}
	r.SetTap(tap)
	m.Send(login("8"))
	<-tap.at
	r.SetTap(nil)
	held := make(chan error, 1)
	go func() { held <- r.Hold(t.Context()) }()
	await.True(t, "the front to hold", r.Holding)
	close(tap.goOn)
	await.True(t, "the login to go", func() bool { return r.LoginsInFlight() > 0 })
	select {
	case err := <-held:
		t.Fatalf("Hold returned before the login was answered: %v", err)
	default:
	}
	h.hold <- struct{}{}
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if _, err := r.Park(t.Context()); err != nil {
		t.Error(err)
	}
	r.Release()
	m.Expect(ftd.TIDUserLogin, 0)
}
