package link

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap/zaptest"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// A scripted core: a test takes what the front sent, frame by frame, and answers as it likes.

const (
	testFront = 7
	testDay   = calendar.TradingDay(20261130)
	instanceA = "11111111-1111-4111-8111-111111111111"
	instanceB = "22222222-2222-4222-8222-222222222222"
)

// patience is for tests outside of a bubble, on a busy machine.
const patience = 30 * time.Second

// got is a frame of the front's; heartbeats are not among them.
type got struct {
	header ftd.Header
	tag    ftd.SessionTag
	tagged bool
	body   []byte
}

func (g got) field(t testing.TB, fid ftd.FID) []byte {
	t.Helper()
	m, err := ftd.DecodeMessage(g.body)
	if err != nil {
		t.Fatal(err)
	}
	data, ok := m.Field(fid)
	if !ok {
		t.Fatalf("%v without %v", m.TID, fid)
	}
	return data
}

// coreConn is the core's end of one connection.
type coreConn struct {
	net.Conn
	t      testing.TB
	frames chan got
	beats  chan time.Time
	over   chan struct{} // the front closed
}

func newCoreConn(t testing.TB, c net.Conn) *coreConn {
	k := &coreConn{Conn: c, t: t, frames: make(chan got, 1<<14), beats: make(chan time.Time, 1<<10), over: make(chan struct{})}
	go k.read()
	return k
}

func (k *coreConn) read() {
	defer close(k.over)
	defer k.Close()
	var buf []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := k.Read(chunk)
		buf = append(buf, chunk[:n]...)
		for {
			f, n, bad := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
			if bad != nil {
				k.t.Errorf("the front sent a bad frame: %v", bad)
				return
			}
			if n == 0 {
				break
			}
			k.take(f)
			buf = buf[n:]
		}
		if err != nil {
			return
		}
	}
}

func (k *coreConn) take(f ftd.Frame) {
	if f.IsHeartbeat() {
		k.beats <- time.Now()
		return
	}
	h, err := ftd.DecodeHeader(f.Body)
	if err != nil {
		k.t.Errorf("the front sent a bad message: %v", err)
		return
	}
	g := got{header: h, body: append([]byte(nil), f.Body...)}
	g.tag, g.tagged = f.Ext.Session()
	k.frames <- g
}

// next is the next frame, which has that TID.
func (k *coreConn) next(tid ftd.TID) got {
	k.t.Helper()
	select {
	case g := <-k.frames:
		if g.header.TID != tid {
			k.t.Fatalf("the front sent %v, want %v", g.header.TID, tid)
		}
		return g
	case <-time.After(patience):
		k.t.Fatalf("no %v within %v", tid, patience)
	}
	panic("not reached")
}

// send writes frames.
func (k *coreConn) send(frames ...[]byte) {
	k.t.Helper()
	for _, f := range frames {
		if _, err := k.Write(f); err != nil {
			k.t.Logf("core cannot write: %v", err)
		}
	}
}

// alive lets simulated time pass, with heartbeats of the core.
func (k *coreConn) alive(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; time.Sleep(4 * time.Second) {
		k.send(ftd.AppendHeartbeat(nil))
	}
}

// greet answers LinkLogin.
func (k *coreConn) greet(a ftd.LinkAccept) {
	k.t.Helper()
	g := k.next(ftd.TIDLinkLogin)
	var id ftd.LinkIdentity
	if err := id.Decode(g.field(k.t, ftd.FIDLinkIdentity)); err != nil {
		k.t.Fatal(err)
	}
	if id.FrontID != testFront || id.Protocol != 1 || len(id.Process) != 36 || id.Business != '1' {
		k.t.Errorf("LinkIdentity is %+v", id)
	}
	k.send(message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) }))
}

func accept(state ftd.CoreState, instance string, term int32) ftd.LinkAccept {
	return ftd.LinkAccept{
		CoreID: []byte("core-a"), Instance: []byte(instance), Term: term, State: state,
		TradingDay: []byte(testDay.String()), HeartbeatSeconds: 5, Credit: ftd.UnlimitedCredit,
	}
}

// message is a frame, of a session if tag is not nil.
func message(tid ftd.TID, tag *ftd.SessionTag, fields func(e *ftd.Encoder)) []byte {
	e := ftd.Begin(nil, tid)
	if tag != nil {
		e = ftd.BeginSession(nil, tid, *tag)
	}
	if fields != nil {
		fields(&e)
	}
	frame, err := e.End()
	if err != nil {
		panic(err)
	}
	return frame
}

func tagOf(id int32) *ftd.SessionTag { return &ftd.SessionTag{FrontID: testFront, SessionID: id} }

// business is the body of a business message, and its header.
func business(tid ftd.TID, series uint16, number uint32, content string) (ftd.Header, []byte) {
	e := ftd.Begin(nil, tid)
	e.Sequence(series, number)
	e.Raw(0x2001, []byte(content))
	frame, err := e.End()
	if err != nil {
		panic(err)
	}
	body := frame[ftd.FrameHeaderLen:]
	h, err := ftd.DecodeHeader(body)
	if err != nil {
		panic(err)
	}
	return h, body
}

// toSession is a frame of the core's with that body.
func toSession(id int32, body []byte) []byte { return ftd.AppendSessionFrame(nil, *tagOf(id), body) }

// fakeCore is where a Link connects to.
type fakeCore struct {
	t     testing.TB
	conns chan *coreConn
	mu    sync.Mutex
	down  bool
}

func newFakeCore(t testing.TB) *fakeCore { return &fakeCore{t: t, conns: make(chan *coreConn, 1000)} }

// dial is for Options.Dial: a pipe.
func (f *fakeCore) dial(context.Context, Endpoint) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, net.ErrClosed
	}
	front, back := net.Pipe()
	f.conns <- newCoreConn(f.t, back)
	return front, nil
}

func (f *fakeCore) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// listen makes it one of the network.
func (f *fakeCore) listen(l net.Listener) {
	f.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.conns <- newCoreConn(f.t, c)
		}
	}()
}

func (f *fakeCore) accept() *coreConn {
	f.t.Helper()
	select {
	case c := <-f.conns:
		return c
	case <-time.After(patience):
		f.t.Fatal("the front does not connect")
	}
	panic("not reached")
}

// testOptions are for a link to fakes.
func testOptions(t testing.TB, cores ...*fakeCore) Options {
	o := Options{
		FrontID: testFront, BrokerID: "9999", Version: "test", Business: true, MaxSessions: 1000,
		TradingDay: func() calendar.TradingDay { return testDay },
		Logger:     zaptest.NewLogger(t),
	}
	names := map[string]*fakeCore{}
	for i, f := range cores {
		name := string(rune('a' + i))
		names[name] = f
		o.Endpoints = append(o.Endpoints, Endpoint{Network: "tcp", Address: name})
	}
	o.Dial = func(ctx context.Context, e Endpoint) (net.Conn, error) { return names[e.Address].dial(ctx, e) }
	return o
}

// startLink is a started link that the test's end closes.
func startLink(t testing.TB, o Options) *Link {
	l := New(o)
	l.Start()
	t.Cleanup(func() { stopLink(t, l) })
	return l
}

func stopLink(t testing.TB, l *Link) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// fakeTerminal remembers what it was told.
type fakeTerminal struct {
	mu        sync.Mutex
	delivered [][]byte
	refused   []uint32
	exits     []reason.Close
	exitData  []byte
	exitedAt  time.Time
	news      chan struct{}
}

func newTerminal() *fakeTerminal { return &fakeTerminal{news: make(chan struct{}, 1<<14)} }

func (f *fakeTerminal) note(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *fakeTerminal) Deliver(body []byte) {
	f.note(func() { f.delivered = append(f.delivered, append([]byte(nil), body...)) })
}

func (f *fakeTerminal) Refuse(series uint16, number uint32, why reason.Reason) {
	if series != 0 || why != reason.CoreUnanswered {
		panic("refused otherwise")
	}
	f.note(func() { f.refused = append(f.refused, number) })
}

func (f *fakeTerminal) Exit(data []byte, why reason.Close) {
	f.note(func() {
		f.exits, f.exitData, f.exitedAt = append(f.exits, why), append([]byte(nil), data...), time.Now()
	})
}

func (f *fakeTerminal) bodies() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([][]byte(nil), f.delivered...)
}

func (f *fakeTerminal) left() []reason.Close {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]reason.Close(nil), f.exits...)
}

// wait is for the next thing that it is told.
func (f *fakeTerminal) wait(t testing.TB) {
	t.Helper()
	select {
	case <-f.news:
	case <-time.After(patience):
		t.Fatal("the terminal is told nothing")
	}
}

// attempt is a login of account "u1".
func attempt(t testing.TB, id int32, terminal core.Terminal) *core.Attempt {
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte("u1"), Password: []byte("secret-word")})
	frame, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	m, err := ftd.DecodeMessage(frame[ftd.FrameHeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	request, _ := m.Field(ftd.FIDLoginRequest)
	return &core.Attempt{
		SessionID: id, Account: "u1", Request: request, Source: netip.MustParseAddrPort("198.51.100.7:4321"),
		AppID: "ven_app_1.0", AppType: '1', Instant: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), Terminal: terminal,
	}
}

func opening(id int32, terminal core.Terminal, asked ...ftd.Point) *core.Opening {
	o := &core.Opening{
		SessionID: id, User: "u1", RecordID: uuid.New(), LoginTime: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC),
		TradingDay: testDay, Flag: regulation.FlagNormal, Terminal: terminal,
	}
	o.Resume.Count = copy(o.Resume.Points[:], asked)
	return o
}

var goodResult = ftd.VerifyResult{
	UserID: []byte("u1"), UserType: '1', Restriction: '0',
	LastLogin: []byte("2026-11-27 09:00:00"), LastIP: []byte("203.0.113.9"), Notice: []byte("hello"),
}

// verifyOK answers a SessionVerify.
func verifyOK(id int32) []byte {
	return message(ftd.TIDSessionVerify, tagOf(id), func(e *ftd.Encoder) { e.VerifyResult(&goodResult); e.Error(&ftd.Error{}) })
}

type verifyGot struct {
	user core.User
	err  error
}

// verify calls Verify beside the test.
func verify(ctx context.Context, l *Link, a *core.Attempt) <-chan verifyGot {
	c := make(chan verifyGot, 1)
	go func() {
		user, err := l.Verify(ctx, a)
		c <- verifyGot{user, err}
	}()
	return c
}

// openSession is a session that the core on k verified.
func openSession(t testing.TB, l *Link, k *coreConn, id int32, terminal core.Terminal, asked ...ftd.Point) core.Session {
	t.Helper()
	answer := verify(t.Context(), l, attempt(t, id, terminal))
	k.next(ftd.TIDSessionVerify)
	k.send(verifyOK(id))
	if got := <-answer; got.err != nil {
		t.Fatal(got.err)
	}
	s, err := l.Open(opening(id, terminal, asked...))
	if err != nil {
		t.Fatal(err)
	}
	k.next(ftd.TIDSessionOpen)
	return s
}
