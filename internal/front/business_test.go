package front_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// echo is a trading core that answers each request by itself, from a goroutine of its own.
type echo struct {
	t        testing.TB
	wait     atomic.Bool // takes no more for now
	refuse   atomic.Uint32
	passed   atomic.Int64
	requests chan request

	mu       sync.Mutex
	sessions map[string]*echoSession // by user
	closed   map[string]ftd.ReasonCode
}

type request struct {
	to   core.Terminal
	body []byte
}

type echoSession struct {
	*echo
	user     string
	terminal core.Terminal
}

// startEcho puts the core behind a handler.
func startEcho(t testing.TB, h *handler) *echo {
	e := &echo{t: t, requests: make(chan request, 1<<20), sessions: map[string]*echoSession{}, closed: map[string]ftd.ReasonCode{}}
	h.core = func(_ session.Peer, a *session.LoginAttempt, o *session.Outcome) {
		s := &echoSession{e, string(a.UserID), a.Line}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.sessions[s.user] = s
		o.Session = s
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := range e.requests {
			r.to.Deliver(r.body)
		}
	}()
	t.Cleanup(func() {
		close(e.requests)
		<-done
	})
	return e
}

func (e *echo) session(user string) *echoSession {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sessions[user]
}

// expectClosed waits until the core was told that the session of a user is over.
func (e *echo) expectClosed(user string, why ftd.ReasonCode) {
	e.t.Helper()
	var got ftd.ReasonCode
	await.True(e.t, "the core is told", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		got = e.closed[user]
		return got != 0
	})
	if got != why {
		e.t.Errorf("the core was told %c, want %c", got, why)
	}
}

func (s *echoSession) Wait() bool { return s.wait.Load() }

func (*echoSession) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }

func (s *echoSession) Pass(h ftd.Header, body []byte) reason.Reason {
	if why := reason.Reason(s.refuse.Load()); why != reason.OK {
		return why
	}
	s.passed.Add(1)
	if h.TID != silent {
		s.requests <- request{s.terminal, bytes.Clone(body)}
	}
	return reason.OK
}

func (*echoSession) Flush() {}

func (s *echoSession) Close(why ftd.ReasonCode, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[s.user] = why
}

const silent ftd.TID = 0x7001 // the core does not answer

// order is the frame of a business request with so many bytes of content.
func order(tid ftd.TID, number uint32, content int) []byte {
	body := make([]byte, ftd.MessageHeaderLen+content)
	body[0], body[5] = 2, 'S'
	binary.BigEndian.PutUint32(body[1:], uint32(tid))
	binary.BigEndian.PutUint32(body[8:], number)
	binary.BigEndian.PutUint16(body[14:], uint16(content))
	if content >= ftd.FieldHeaderLen {
		body[13] = 1
		binary.BigEndian.PutUint32(body[ftd.MessageHeaderLen:], 0x7777)
		binary.BigEndian.PutUint16(body[ftd.MessageHeaderLen+4:], uint16(content-ftd.FieldHeaderLen))
	}
	frame, err := ftd.AppendFrame(nil, ftd.FrameFTDC, nil, body)
	if err != nil {
		panic(err)
	}
	return frame
}

// trade is a terminal that is logged in.
func (r *running) trade(user string) *terminaltest.Terminal {
	r.t.Helper()
	m := r.dial()
	m.Authenticate(software("v_s_1"), authCode)
	m.Send(login(user))
	m.Expect(ftd.TIDUserLogin, 0)
	return m
}

// expectOrders reads frames and wants the orders from first to last, in their order.
func expectOrders(t testing.TB, m net.Conn, first, last uint32, content int) {
	t.Helper()
	var buf []byte
	chunk := make([]byte, 1<<16)
	for first <= last {
		n, err := m.Read(chunk)
		if err != nil {
			t.Fatalf("before order %d: %v", first, err)
		}
		buf = append(buf, chunk[:n]...)
		for first <= last {
			f, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			if f.Type == ftd.FrameFTDC {
				if want := order(3, first, content); !bytes.Equal(buf[:n], want) {
					t.Fatalf("got % x, want order %d", buf[:min(n, 32)], first)
				}
				first++
			}
			buf = buf[n:]
		}
	}
}

// linkedConfig is config of a front whose core takes business.
func linkedConfig() front.Config {
	cfg := config()
	cfg.Session.Business = true
	return cfg
}

// TestOrderIsKeptUnderLoad: several sessions at full rate, bodies of many lengths.
func TestOrderIsKeptUnderLoad(t *testing.T) {
	h := newHandler()
	startEcho(t, h)
	cfg := linkedConfig()
	cfg.Limits.Outbound, cfg.Limits.Mail = 64<<20, 64<<20 // all of a session's: how late its reader comes is not what is tested
	r := start(t, cfg, h)
	const orders = 5000
	var wg sync.WaitGroup
	for i, user := range []string{"a", "b", "c", "d"} {
		m := r.trade(user)
		content := []int{0, 37, 200, ftd.MaxBodyLen - ftd.MessageHeaderLen}[i]
		wg.Go(func() {
			for number := uint32(1); number <= orders; number++ {
				if _, err := m.Write(order(3, number, content)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		wg.Go(func() { expectOrders(t, m.Conn, 1, orders, content) })
	}
	wg.Wait()
	if got := r.counts.passed.Load(); got != 4*orders {
		t.Errorf("%d passed", got)
	}
	if got := r.counts.delivered.Load(); got != 4*orders {
		t.Errorf("%d delivered", got)
	}
}

// TestSlowReaderStopsNoOther: a terminal that does not read ends by its own bound; another's orders go on.
func TestSlowReaderStopsNoOther(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, linkedConfig(), h)
	slow, good := r.trade("slow"), r.trade("good")
	_ = slow.Conn.(*net.TCPConn).SetReadBuffer(4096)
	body := order(3, 1, 4000)[4:]
	number := uint32(0)
	await.True(t, "the slow session ends", func() bool {
		for range 1000 {
			e.session("slow").terminal.Deliver(body)
		}
		number++
		good.Send(order(3, number, 9))
		expectOrders(t, good.Conn, number, number, 9)
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.closed["slow"] != 0
	})
	e.expectClosed("slow", ftd.ReasonSlowReader)
	if got := <-r.counts.closed; got != reason.SlowReader.String() {
		t.Errorf("closed by %s", got)
	}
	e.session("slow").terminal.Deliver(body) // the terminal is gone
	number++
	good.Send(order(3, number, 9))
	expectOrders(t, good.Conn, number, number, 9)
}

// TestMailIsBounded: a loop that does not come to its mail costs no more than its bound.
func TestMailIsBounded(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	cfg := linkedConfig()
	cfg.Limits.Mail = 64 << 10
	cfg.Limits.Outbound = 8 << 20
	r := start(t, cfg, h)
	r.trade("a")
	body := order(3, 1, 1000)[4:]
	// Faster than any loop: more than the bound between two looks of it.
	await.True(t, "the slow session ends", func() bool {
		for range 1000 {
			e.session("a").terminal.Deliver(body)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.closed["a"] != 0
	})
	e.expectClosed("a", ftd.ReasonSlowReader)
}

// TestPauseAndGoOn: while the core takes no more requests stay unread, and all follow in their order.
func TestPauseAndGoOn(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, linkedConfig(), h)
	m, other := r.trade("a"), r.trade("b")
	e.wait.Store(true)
	const orders = 500
	for number := uint32(1); number <= orders; number++ {
		m.Send(order(3, number, 100))
	}
	await.True(t, "pause", func() bool { return r.counts.paused.Load() > 0 })
	if got := e.passed.Load(); got != 0 {
		t.Errorf("%d requests were passed to a core that takes none", got)
	}
	other.Send(ftd.AppendHeartbeat(nil), terminaltest.Logout("9999", "b"))
	other.Expect(ftd.TIDUserLogout, 0) // what is no request is taken all the same
	e.wait.Store(false)
	expectOrders(t, m.Conn, 1, orders, 100)
	e.expectClosed("b", ftd.ReasonLogout)
}

// TestUnreadRequestsAreBounded: a terminal that goes on while it is paused.
func TestUnreadRequestsAreBounded(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	cfg := linkedConfig()
	cfg.Limits.Inbound = 10 << 10
	r := start(t, cfg, h)
	m := r.trade("a")
	e.wait.Store(true)
	for number := uint32(1); number <= 100; number++ {
		m.Send(order(3, number, 1000))
	}
	m.ExpectClosed()
	if got := <-r.counts.closed; got != reason.FrameFlood.String() {
		t.Errorf("closed by %s", got)
	}
	e.expectClosed("a", ftd.ReasonProtocol)
}

func TestRequestsASecond(t *testing.T) {
	t.Run("delay", func(t *testing.T) {
		h := newHandler()
		startEcho(t, h)
		cfg := linkedConfig()
		cfg.Limits.RequestsPerSecond = 100
		r := start(t, cfg, h)
		m := r.trade("a")
		begun := time.Now()
		for number := uint32(1); number <= 150; number++ {
			m.Send(order(3, number, 8))
		}
		expectOrders(t, m.Conn, 1, 150, 8)
		if took := time.Since(begun); took < 450*time.Millisecond {
			t.Errorf("150 requests took %v at 100 a second", took)
		}
		if r.counts.paused.Load() == 0 {
			t.Error("never paused")
		}
	})
	t.Run("refuse", func(t *testing.T) {
		h := newHandler()
		e := startEcho(t, h)
		cfg := linkedConfig()
		cfg.Limits.RequestsPerSecond, cfg.Limits.RefuseRequests = 1, true
		r := start(t, cfg, h)
		m := r.trade("a")
		m.Send(order(silent, 1, 8), order(silent, 2, 8))
		reply := m.Expect(ftd.TIDError, 90)
		var target ftd.ErrorTargetSequence
		raw, _ := reply.Field(ftd.FIDErrorTargetSequence)
		if err := target.Decode(raw); err != nil || target.Number != 2 || reply.SequenceNumber != 2 {
			t.Errorf("target %+v, %v", target, err)
		}
		if e.passed.Load() != 1 {
			t.Errorf("%d passed", e.passed.Load())
		}
	})
}

func TestCoreRefuses(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, linkedConfig(), h)
	m := r.trade("a")
	e.refuse.Store(uint32(reason.CoreAway))
	m.Send(order(3, 1, 8))
	m.Expect(ftd.TIDError, 8)
	e.refuse.Store(0)
	m.Send(order(3, 2, 8))
	expectOrders(t, m.Conn, 2, 2, 8)
	e.session("a").terminal.Refuse(0, 2, reason.CoreUnanswered)
	if reply := m.Expect(ftd.TIDError, 90); reply.SequenceNumber != 2 || reply.Ref == "" {
		t.Errorf("number %d, ref %q", reply.SequenceNumber, reply.Ref)
	}
}

// expectExit wants ForceExit with that code, and the end of the connection.
func expectExit(t *testing.T, m *terminaltest.Terminal, code byte) ftd.ForceExit {
	t.Helper()
	reply := m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
	var f ftd.ForceExit
	raw, _ := reply.Field(ftd.FIDForceExit)
	if err := f.Decode(raw); err != nil || f.Code != code {
		t.Errorf("ForceExit %c %q, %v; want %c", f.Code, f.Msg, err, code)
	}
	m.ExpectClosed()
	return f
}

func TestSessionsEnd(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, linkedConfig(), h)
	kicked, ended, gone, bad := r.trade("kicked"), r.trade("ended"), r.trade("gone"), r.trade("bad")

	list, err := r.Sessions(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	byUser := map[string]front.SessionInfo{}
	for _, s := range list {
		byUser[s.Account] = s
	}
	s := byUser["ended"]
	if s.AppID != "v_s_1" || s.State != session.LoggedIn || s.Address.String() != ended.LocalAddr().String() ||
		s.LoggedIn.Before(s.Since) || s.Since.IsZero() || s.Frames.Received != 3 || s.Frames.Sent != 3 {
		t.Errorf("listed %+v", s)
	}
	if found, err := r.EndSession(t.Context(), 1<<30, "none"); found || err != nil {
		t.Errorf("a session was ended that does not exist: %v, %v", found, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := r.EndSession(over, s.SessionID, "none"); found || err == nil {
		t.Errorf("no loop was asked, and the answer is %v, %v", found, err)
	}
	if told, err := r.EndTerminal(over, s.SessionID, uuid.New(), "none"); told || err == nil {
		t.Errorf("no loop was asked for a terminal, and the answer is %v, %v", told, err)
	}

	e.session("kicked").terminal.Exit(session.AppendForceExit(nil, '1', "out"), reason.Kicked)
	expectExit(t, kicked, '1')
	e.expectClosed("kicked", ftd.ReasonKicked)

	if found, err := r.EndSession(t.Context(), s.SessionID, "请联系客服"); !found || err != nil {
		t.Errorf("not found: %v", err)
	}
	if f := expectExit(t, ended, '3'); string(f.Msg) != "请联系客服" {
		t.Errorf("told %q", f.Msg)
	}
	e.expectClosed("ended", ftd.ReasonKicked)

	_ = gone.Close()
	e.expectClosed("gone", ftd.ReasonGone)

	bad.Send(order(3, 7, 8))
	bad.ExpectClosed()
	e.expectClosed("bad", ftd.ReasonProtocol)
}

func TestDrainTellsTheCore(t *testing.T) {
	h := newHandler()
	e := startEcho(t, h)
	r := start(t, linkedConfig(), h)
	r.trade("a")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	e.expectClosed("a", ftd.ReasonDraining)
	if _, err := r.Sessions(t.Context()); err == nil {
		t.Error("the sessions of a front that has stopped were listed")
	}
	e.session("a").terminal.Deliver(order(3, 1, 8)[4:])
}

// TestMessagesFollowTheLogin: what the core sends at once with SessionOpen comes behind the answer, a kick too.
func TestMessagesFollowTheLogin(t *testing.T) {
	h := newHandler()
	startEcho(t, h)
	inner := h.core
	h.core = func(p session.Peer, a *session.LoginAttempt, o *session.Outcome) {
		inner(p, a, o)
		for number := uint32(1); number <= 20; number++ {
			a.Line.Deliver(order(3, number, 1000)[4:])
		}
		if string(a.UserID) == "kicked" {
			a.Line.Exit(session.AppendForceExit(nil, '1', "bye"), reason.Kicked)
		}
	}
	r := start(t, linkedConfig(), h)
	m := r.trade("a")
	for number := uint32(1); number <= 20; number++ {
		if reply := m.Next(); reply.Code == terminaltest.Closed || reply.SequenceNumber != number {
			t.Fatalf("message %d: %+v", number, reply)
		}
	}
	k := r.trade("kicked")
	for range 20 {
		k.Next()
	}
	k.Expect(ftd.TIDForceExit, terminaltest.NoCode)
	k.ExpectClosed()
}

// TestLostCore: the record is kept, so the login is answered.
func TestLostCore(t *testing.T) {
	h := newHandler()
	h.core = func(_ session.Peer, _ *session.LoginAttempt, o *session.Outcome) { o.Lost = true }
	r := start(t, linkedConfig(), h)
	m := r.trade("a")
	expectExit(t, m, '2')
	if got := <-r.counts.closed; got != reason.CoreChanged.String() {
		t.Errorf("closed by %s", got)
	}
}
