package front_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// handler is a gateway that accepts everybody; a test may hold its logins back.
type handler struct {
	hold       chan struct{} // nil: logins are not held; else each takes one value
	entered    chan struct{} // gets a value for each login that began
	panicAt    string        // the UserID whose login panics
	refuseAt   string        // the user whose password is wrong
	lockedAt   string        // the user whose source is locked
	stuck      chan struct{} // the AppID "stuck" holds its loop until this is closed
	mu         sync.Mutex
	peers      map[string]session.Peer // by UserID
	unanswered chan session.Outcome
	ended      chan string
}

func newHandler() *handler {
	return &handler{
		entered: make(chan struct{}, 1024), unanswered: make(chan session.Outcome, 1024), ended: make(chan string, 1024),
		peers: map[string]session.Peer{},
	}
}

func (h *handler) Challenge(c *[ftd.ChallengeLen]byte) { c[0] = 7 }

func (h *handler) Verify(_ session.Peer, a *session.AuthAttempt) session.Outcome {
	switch {
	case string(a.AppID) == "panics":
		panic("verify")
	case string(a.AppID) == "stuck":
		<-h.stuck
	case a.Answer[0] != a.Challenge[0]:
		return session.Outcome{Reason: reason.WrongAnswer, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '1'}}
	}
	return session.Outcome{AppType: '1'}
}

func (h *handler) NotifyDecision(_ session.Peer, _ session.Op, r reason.Reason, _ string, _, _ []byte) session.Outcome {
	return session.Outcome{Reason: r, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '2'}}
}

func (h *handler) Login(_ context.Context, p session.Peer, a session.LoginAttempt) session.Outcome {
	user := string(a.UserID)
	h.mu.Lock()
	h.peers[user] = p
	h.mu.Unlock()
	h.entered <- struct{}{}
	if h.hold != nil {
		<-h.hold
	}
	if user == h.panicAt {
		panic("login")
	}
	if user == h.refuseAt {
		return session.Outcome{Reason: reason.WrongPassword, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '3'}}
	}
	if h.lockedAt != "" && user == h.lockedAt {
		return session.Outcome{Reason: reason.SourceLocked, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '4'}}
	}
	return session.Outcome{Receipt: &session.Receipt{
		Account: regulation.Account(a.UserID), UserType: regulation.UserCustomer, TradingDay: 20260105,
		LoginTime: time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone), Public: p.Addr,
		Flag: regulation.FlagNormal, FrontID: 1, SessionID: p.SessionID,
		RecordID: uuid.MustParse("0190a1b2-0000-7000-8000-000000000000"),
	}}
}

func (h *handler) NoteMalformed(session.Peer, string, []byte, []byte) {}

func (h *handler) Unanswered(_ session.Peer, r session.Outcome) { h.unanswered <- r }
func (h *handler) Ended(_ session.Peer, userID []byte)          { h.ended <- string(userID) }

// counts is an Observer that tests wait on.
type counts struct {
	opened                     chan struct{}
	closed, refused, malformed chan string
	discarded, acceptFailed    chan string
}

func newCounts() *counts {
	c := func() chan string { return make(chan string, 4096) }
	return &counts{opened: make(chan struct{}, 4096), closed: c(), refused: c(), malformed: c(), discarded: c(), acceptFailed: c()}
}

func (c *counts) ConnectionOpened()          { c.opened <- struct{}{} }
func (c *counts) ConnectionClosed(r string)  { c.closed <- r }
func (c *counts) ConnectionRefused(r string) { c.refused <- r }
func (c *counts) AcceptFailed(f string)      { c.acceptFailed <- f }
func (c *counts) Malformed(f string)         { c.malformed <- f }
func (c *counts) Discarded(t string)         { c.discarded <- t }

func config() front.Config {
	return front.Config{
		Listeners: []front.Listener{{Address: "127.0.0.1:0"}},
		Limits:    front.Limits{Admission: admission.Limits{Connections: 1000}, Logins: 100, Outbound: 64 << 10, Refusals: 1 << 30},
		Session: session.Settings{
			AuthTimeout: 10 * time.Second, LoginTimeout: 30 * time.Second, ChallengeTTL: 30 * time.Second,
			BodyBeforeAuth: 512, PendingFrames: 8,
		},
	}
}

type running struct {
	*front.Server
	t      testing.TB
	h      *handler
	counts *counts
	addr   string
}

func start(t testing.TB, cfg front.Config, h *handler) *running {
	t.Helper()
	c := newCounts()
	s := front.New(cfg, h, c, zap.NewNop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	addrs := s.Addrs()
	r := &running{Server: s, t: t, h: h, counts: c, addr: addrs[0].String()}
	t.Cleanup(r.stop)
	return r
}

// stop drains unless the test did.
func (r *running) stop() {
	select {
	case <-r.Failed():
		return
	default:
	}
	if r.h.hold != nil {
		close(r.h.hold)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Drain(ctx); err != nil {
		r.t.Errorf("drain: %v", err)
	}
	for range r.Failed() {
		r.t.Error("the front failed")
	}
}

// terminal speaks frames over a plain socket.
type terminal struct {
	t testing.TB
	net.Conn
	buf []byte
}

func (r *running) dial() *terminal {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &terminal{t: r.t, Conn: c}
}

func (m *terminal) send(b []byte) {
	m.t.Helper()
	if _, err := m.Write(b); err != nil {
		m.t.Fatal(err)
	}
}

// next is the next message; io.EOF once the front has closed.
func (m *terminal) next() (ftd.Message, error) {
	for {
		f, n, err := ftd.DecodeFrame(m.buf, ftd.MaxBodyLen)
		if err != nil {
			return ftd.Message{}, err
		}
		if n > 0 {
			m.buf = m.buf[n:]
			if f.Type != ftd.FrameFTDC {
				continue
			}
			return ftd.DecodeMessage(f.Body)
		}
		chunk := make([]byte, 4096)
		got, err := m.Read(chunk)
		if err != nil {
			return ftd.Message{}, err
		}
		m.buf = append(m.buf, chunk[:got]...)
	}
}

// expect wants a message with that code, -1 for one without an Error field.
func (m *terminal) expect(tid ftd.TID, code int) ftd.Message {
	m.t.Helper()
	msg, err := m.next()
	if err != nil {
		m.t.Fatalf("waiting for %v: %v", tid, err)
	}
	got := -1
	if raw, ok := msg.Field(ftd.FIDError); ok {
		var e ftd.Error
		if err := e.Decode(raw); err != nil {
			m.t.Fatal(err)
		}
		got = e.Code
	}
	if msg.TID != tid || got != code {
		m.t.Fatalf("got %v with code %d, want %v with %d", msg.TID, got, tid, code)
	}
	return msg
}

func (m *terminal) expectClosed() {
	m.t.Helper()
	if msg, err := m.next(); err == nil {
		m.t.Fatalf("got %v, want the front to close", msg.TID)
	} else if !errors.Is(err, io.EOF) && !isReset(err) {
		m.t.Fatalf("got %v, want the front to close", err)
	}
}

func message(t testing.TB, tid ftd.TID, fields ...func(*ftd.Encoder)) []byte {
	t.Helper()
	e := ftd.Begin(nil, tid)
	for _, f := range fields {
		f(&e)
	}
	b, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func identity(appID string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte("9999"), AppID: []byte(appID)})
	}
}

func answer(first byte) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) { e.AuthInfo(&ftd.AuthInfo{AuthInfo: [128]byte{first}}) }
}

func login(t testing.TB, user string) []byte {
	return message(t, ftd.TIDUserLogin, func(e *ftd.Encoder) {
		e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte(user), Password: []byte("p")})
	}, func(e *ftd.Encoder) {
		e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte("1.0"), AbnormalFlag: '0', Ciphertext: make([]byte, 256)})
	})
}

func (m *terminal) authenticate() {
	m.t.Helper()
	m.send(message(m.t, ftd.TIDAuthenticate, identity("v_s_1")))
	m.expect(ftd.TIDAuthenticate, -1)
	m.send(message(m.t, ftd.TIDAuthenticate, identity("v_s_1"), answer(7)))
	m.expect(ftd.TIDAuthenticate, 0)
}
