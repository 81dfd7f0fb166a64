package front_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// handler is a gateway that accepts every login; a test may hold its logins back.
type handler struct {
	core       func(session.Peer, *session.LoginAttempt, *session.Outcome) // what the core adds to an accepted login
	hold       chan struct{}                                               // nil: logins are not held; else each takes one value
	entered    chan struct{}                                               // gets a value for each login that began
	panicAt    string                                                      // the UserID whose login panics
	refuseAt   string                                                      // the user whose password is wrong
	lockedAt   string                                                      // the user whose source is locked
	stuck      chan struct{}                                               // the AppID "stuck" holds its loop until this is closed
	mu         sync.Mutex
	peers      map[string]session.Peer // by UserID
	noted      string                  // the last NoteProxyHeader
	panicNote  bool                    // NoteProxyHeader panics
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
	case *a.Answer != rightAnswer:
		return session.Outcome{Reason: reason.WrongAnswer, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '1'}}
	}
	return session.Outcome{AppType: '1'}
}

func (h *handler) NotifyDecision(_ session.Peer, _ session.Op, r reason.Reason, _ string, _, _ []byte) session.Outcome {
	return session.Outcome{Reason: r, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '2'}}
}

func (h *handler) Login(_ context.Context, p session.Peer, a *session.LoginAttempt) session.Outcome {
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
	outcome := session.Outcome{Receipt: &session.Receipt{
		Account: regulation.Account(a.UserID), UserType: regulation.UserCustomer, TradingDay: 20260105,
		LoginTime: time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone), Public: p.Addr,
		Flag: regulation.FlagNormal, FrontID: 1, SessionID: p.SessionID,
		RecordID: uuid.MustParse("0190a1b2-0000-7000-8000-000000000000"),
	}}
	if h.core != nil {
		h.core(p, a, &outcome)
	}
	return outcome
}

func (h *handler) RequestCode(session.Peer, core.Terminal, []byte, []byte) session.Outcome {
	return session.Outcome{Reason: reason.CodeRate, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '5'}}
}

func (h *handler) NoteMalformed(session.Peer, string, []byte, []byte) {}

func (h *handler) MayChangePassword(session.Peer, []byte, []byte) reason.Reason { return reason.OK }

func (h *handler) NoteProxyHeader(p session.Peer, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.panicNote {
		panic("note")
	}
	h.noted = fmt.Sprintf("%s: %v by %v", why, p.Addr, p.Proxy)
}

// lastNoted is what was written down last about a PROXY header; the test has seen that its connection is closed.
func (h *handler) lastNoted() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.noted
}

func (h *handler) Unanswered(_ session.Peer, r session.Outcome)        { h.unanswered <- r }
func (h *handler) Ended(_ session.Peer, userID []byte, _ reason.Close) { h.ended <- string(userID) }

func (h *handler) Submit(context.Context, session.Peer, *session.SubmitAttempt) session.Outcome {
	return session.Outcome{Reason: reason.WrongKind, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '6'}}
}

func (h *handler) EndTerminal(session.Peer, []byte, []byte) session.Outcome {
	return session.Outcome{Reason: reason.WrongKind, Ref: reason.Ref{'R', 'E', 'F', '0', '0', '7'}}
}

func (h *handler) RefuseSubmit(
	p session.Peer, op session.Op, a *session.SubmitAttempt, why reason.Reason, item string,
) session.Outcome {
	return h.NotifyDecision(p, op, why, item, a.AppID, a.Request.UserID)
}

func (h *handler) Renumbered(int32, session.Peer) {}
func (h *handler) Disconnected(session.Peer)      {}

// counts is an Observer that tests wait on.
type counts struct {
	opened                     chan struct{}
	closed, refused, malformed chan string
	discarded, acceptFailed    chan string
	passed, delivered, paused  atomic.Int64
	lagged                     atomic.Int64 // parts of a sweep that waited longer than longLag
}

func newCounts() *counts {
	c := func() chan string { return make(chan string, 4096) }
	return &counts{opened: make(chan struct{}, 4096), closed: c(), refused: c(), malformed: c(), discarded: c(), acceptFailed: c()}
}

func (c *counts) ConnectionOpened()          { c.opened <- struct{}{} }
func (c *counts) ConnectionClosed(r string)  { c.closed <- r }
func (c *counts) ConnectionRefused(r string) { c.refused <- r }
func (c *counts) AcceptFailed(f string)      { c.acceptFailed <- f }
func (c *counts) LoopLag(d time.Duration)    { c.lag(d) }

// longLag is longer than a loop lags that is not held.
const longLag = 50 * time.Millisecond

func (c *counts) lag(d time.Duration) {
	if d > longLag {
		c.lagged.Add(1)
	}
}

func (c *counts) Malformed(f string)      { c.malformed <- f }
func (c *counts) Discarded(t string)      { c.discarded <- t }
func (c *counts) BusinessPassed(n int)    { c.passed.Add(int64(n)) }
func (c *counts) BusinessDelivered(n int) { c.delivered.Add(int64(n)) }
func (c *counts) BusinessRefused(string)  {}
func (c *counts) BusinessPaused()         { c.paused.Add(1) }

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

func (r *running) dial() *terminaltest.Terminal {
	r.t.Helper()
	return terminaltest.Dial(r.t, r.addr, nil)
}

// dialFrom connects from an address of 127.0.0.0/8.
func (r *running) dialFrom(source string) *terminaltest.Terminal {
	r.t.Helper()
	return terminaltest.Dial(r.t, r.addr, &net.TCPAddr{IP: net.ParseIP(source)})
}

const authCode = "0123456789ABCDEF"

// rightAnswer is that to the handler's challenge.
var rightAnswer = terminaltest.Respond(authCode, [ftd.ChallengeLen]byte{7})

func software(appID string) client.Identity { return client.Identity{BrokerID: "9999", AppID: appID} }

// Frames of a terminal.

func ask(appID string) []byte    { return terminaltest.Ask(software(appID)) }
func answer(appID string) []byte { return terminaltest.Answer(software(appID), rightAnswer) }
func wrongAnswer(appID string) []byte {
	return terminaltest.Answer(software(appID), [ftd.ChallengeLen]byte{8})
}

func login(user string) []byte {
	return terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: user, Password: "p", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	})
}
