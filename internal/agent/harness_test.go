package agent

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

const (
	record = "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"
	broker = "9999"
)

// office is all that an Agent of a test is made of, and what the test looks at afterwards.
type office struct {
	t     *testing.T
	agent *Agent
	log   *observer.ObservedLogs
	audit
	registry auth.Result // that every AppID has
	core     desk
	relay    wire
	held     struct {
		sync.Mutex
		all []core.Session // of accepted logins
	}
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func options(operator bool) Options {
	return Options{
		BrokerID: broker, SystemName: "the relay", AgentID: 101, Operator: operator, Addresses: []string{"a", "b"},
		Identity:       client.Identity{BrokerID: broker, AppID: "a_relay_1"},
		AuthCode:       func() (string, error) { return "ABCDEFGH01234567", nil },
		ConnectTimeout: 5 * time.Second, LoginWork: 10 * time.Second, QueueBytes: 4096, SeenTerminals: 10,
		Grace: time.Minute, ExitSpread: 10 * time.Second,
	}
}

// open makes an Agent, which is closed with the test.
func open(t *testing.T, o Options) *office {
	t.Helper()
	year := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) // a bubble of synctest begins in 2000
	ring, err := Versions([]Version{{Name: "1.0"}, {Name: "3.0", SM2: true, NotBefore: year}, {Name: "0.9", NotAfter: year}})
	if err != nil {
		t.Fatal(err)
	}
	f := &office{t: t, registry: auth.Result{Type: auth.AppDirect}}
	seen, log := observer.New(zap.InfoLevel)
	f.log = log
	f.agent = New(o, Parts{
		Registry: f, Keys: ring, Core: &f.core, Audit: &f.audit, Observer: quiet{}, Logger: zap.New(seen),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return f.dial(ctx, network, address)
		},
	})
	f.agent.Use(&f.relay)
	f.relay.stats = client.RelayStats{Up: true, Addr: "a", Terms: client.RelayTerms{Window: 256, Rate: 2000, Burst: 5000, MaxTerminalAge: time.Hour}}
	f.core.user = core.User{Account: "88888888", UserType: regulation.UserCustomer, LastLogin: "yesterday"}
	t.Cleanup(f.agent.Close)
	return f
}

// Verify is of Registry.
func (f *office) Verify([]byte, *auth.Challenge, *[auth.ChallengeLen]byte) auth.Result {
	return f.registry
}

// audit keeps lines.
type audit struct {
	mu    sync.Mutex
	lines []logs.Entry
	err   error // of LogWritten
}

func (a *audit) Log(e logs.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, e)
}

func (a *audit) LogWritten(_ context.Context, e logs.Entry) error {
	a.Log(e)
	return a.err
}

// last is the last line.
func (f *office) last() logs.Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lines) == 0 {
		return logs.Entry{}
	}
	return f.lines[len(f.lines)-1]
}

// quiet counts nothing.
type quiet struct{}

func (quiet) Authenticated(string)               {}
func (quiet) CodeUsed(string)                    {}
func (quiet) LoggedIn(string)                    {}
func (quiet) Flagged(string, bool)               {}
func (quiet) CameFrom(_, _ netip.Addr, _ string) {}
func (quiet) Stage(string, time.Duration)        {}

func (f *office) logged(text string) int { return f.log.FilterMessageSnippet(text).Len() }

func check[T comparable](t *testing.T, of string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", of, got, want)
	}
}

// desk is a core.
type desk struct {
	user    core.User
	err     error
	openErr error
	opened  []core.Opening
	aborted []int32
	asked   []core.Attempt
}

func (d *desk) Verify(_ context.Context, a *core.Attempt) (core.User, error) {
	d.asked = append(d.asked, *a)
	return d.user, d.err
}

func (d *desk) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.OK }

func (*desk) Alive(int32) bool { return true }

func (d *desk) Abort(id int32, _ ftd.ReasonCode, _ string) { d.aborted = append(d.aborted, id) }

func (d *desk) Open(o *core.Opening) (core.Session, error) {
	d.opened = append(d.opened, *o)
	return nil, d.openErr
}

// wire is an operator agent's way up: it answers as the test says.
type wire struct {
	mu     sync.Mutex
	stats  client.RelayStats
	sent   []client.Submission
	ended  []client.SubmitID
	answer func(s client.Submission) (client.Receipt, error) // nil for good
}

func (w *wire) Submit(_ context.Context, s client.Submission) (client.Receipt, error) {
	w.mu.Lock()
	w.sent = append(w.sent, s)
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		return answer(s)
	}
	return good(s)
}

func good(s client.Submission) (client.Receipt, error) {
	id := client.NewSubmitID(time.Now())
	if s.Passed != nil {
		id = s.Passed.SubmitID
	}
	return client.Receipt{
		SubmitID: id, RecordID: record, UserID: s.UserID, UserType: '2', TradingDay: "20260105", AbnormalFlag: s.AbnormalFlag,
		Relay:    client.RelayRecorded{AppID: "a_relay_1", Addr: netip.MustParseAddrPort("198.51.100.4:41022"), LoginTime: time.Now()},
		Answered: time.Now(),
	}, nil
}

func (w *wire) End(id client.SubmitID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, id)
}

func (w *wire) Stats() client.RelayStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

func (w *wire) ends() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ended)
}

// terminal is a core.Terminal, and a relay's too.
type terminal struct {
	mu        sync.Mutex
	delivered [][]byte
	exits     []told
	visits    []uuid.UUID // that were to go, of a relay's
}

// told is a ForceExit.
type told struct {
	code byte
	text string
	why  reason.Close
	at   time.Time
}

func (l *terminal) Deliver(body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delivered = append(l.delivered, append([]byte(nil), body...))
}

func (*terminal) Refuse(uint16, uint32, reason.Reason) {}

func (l *terminal) Exit(data []byte, why reason.Close) {
	var f ftd.ForceExit
	_ = f.Decode(data)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exits = append(l.exits, told{f.Code, string(f.Msg), why, time.Now()})
}

func (l *terminal) ExitVisit(id uuid.UUID, _ []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.visits = append(l.visits, id)
}

func (l *terminal) gone() []told {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]told(nil), l.exits...)
}

func peer(id int32) session.Peer {
	return session.Peer{SessionID: id, Addr: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.7"), uint16(50000+id))}
}

// attempt is a login of a terminal as the session hands it over.
func attempt(line core.Terminal, ciphertext []byte) session.LoginAttempt {
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte(broker), UserID: []byte("88888888"), Password: []byte("s3cret"), HeartbeatSeconds: 10})
	frame, err := e.End()
	if err != nil {
		panic(err)
	}
	m, err := ftd.DecodeMessage(frame[ftd.FrameHeaderLen:])
	if err != nil {
		panic(err)
	}
	request, _ := m.Field(ftd.FIDLoginRequest)
	return session.LoginAttempt{
		Arrived: time.Now(), AppID: []byte("vendor_app_1"), AppType: '1', UserID: []byte("88888888"), Request: request, Password: []byte("s3cret"),
		Terminal: session.TerminalInfo{KeyVersion: []byte("1.0"), Flag: '0', Ciphertext: ciphertext}, Line: line,
	}
}

// info is a ciphertext that is another for each n.
func info(n byte) []byte {
	b := make([]byte, 256)
	b[0] = n
	return b
}

// login logs a terminal in, whose session has that number.
func (f *office) login(id int32) (*terminal, session.Outcome) {
	line := new(terminal)
	a := attempt(line, info(byte(id)))
	got := f.agent.Login(context.Background(), peer(id), &a)
	if got.Session != nil {
		f.held.Lock()
		f.held.all = append(f.held.all, got.Session)
		f.held.Unlock()
	}
	return line, got
}

// mustLogin wants it accepted.
func (f *office) mustLogin(id int32) *terminal {
	f.t.Helper()
	line, outcome := f.login(id)
	if outcome.Reason != reason.OK || outcome.Receipt == nil {
		f.t.Fatalf("session %d: %+v", id, outcome)
	}
	return line
}
