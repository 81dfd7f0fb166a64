package session_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

func encode(t testing.TB, tid ftd.TID, fields ...func(*ftd.Encoder)) []byte {
	t.Helper()
	e := ftd.Begin(nil, tid)
	for _, f := range fields {
		f(&e)
	}
	wire, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func identityFrame(t testing.TB) []byte { return encode(t, ftd.TIDAuthenticate, identity(app)) }

func loginFrame(t testing.TB) []byte {
	return encode(t, ftd.TIDUserLogin, loginRequest("9999", "88888888"), terminalInfo("1.0"))
}

// withByte puts b into the middle of the first place where old is: what our own
// encoder would refuse to write.
func withByte(t testing.TB, frame []byte, old string, b byte) []byte {
	t.Helper()
	at := bytes.Index(frame, []byte(old))
	if at < 0 {
		t.Fatalf("%q is not in the frame", old)
	}
	frame = bytes.Clone(frame)
	frame[at+1] = b
	return frame
}

// player steps a session through good dialogues without allocating itself.
type player struct {
	s         session.Session
	fx        session.Effects
	now       time.Time
	frames    [4][]byte
	challenge [ftd.ChallengeLen]byte
	verified  session.Outcome
	loggedIn  session.Outcome
	loggedOut session.Outcome
}

func newPlayer(t testing.TB) *player {
	return &player{
		now: time.Now(),
		fx:  session.Effects{Wire: make([]byte, 0, 1024)},
		frames: [4][]byte{
			identityFrame(t), encode(t, ftd.TIDAuthenticate, identity(app), authInfo), loginFrame(t),
			encode(t, ftd.TIDUserLogout, logoutRequest("9999", "88888888")),
		},
		verified: session.Outcome{AppType: '1'},
		loggedIn: session.Outcome{Receipt: receipt("88888888")},
	}
}

func (p *player) step(ev *session.Event) {
	p.fx.Reset()
	p.s.Step(ev, &p.fx)
}

func (p *player) arrive(i int) {
	f, _, _ := ftd.DecodeFrame(p.frames[i], p.s.BodyLimit())
	p.step(&session.Event{Kind: session.FrameArrived, Now: p.now, Frame: f})
}

func (p *player) dialogue() reason.Close {
	p.s = session.New(&settings, p.now)
	p.arrive(0)
	p.step(&session.Event{Kind: session.ChallengeDrawn, Now: p.now, Challenge: &p.challenge})
	p.arrive(1)
	p.step(&session.Event{Kind: session.OutcomeKnown, Now: p.now, Do: session.DoVerify, Outcome: &p.verified})
	p.arrive(2)
	p.step(&session.Event{Kind: session.OutcomeKnown, Now: p.now, Do: session.DoLogin, Op: session.OpLogin, Outcome: &p.loggedIn})
	p.step(&session.Event{Kind: session.TimePassed, Now: p.now.Add(31 * time.Second)})
	p.arrive(3)
	p.step(&session.Event{Kind: session.OutcomeKnown, Now: p.now, Do: session.DoNotifyDecision, Op: session.OpLogout, Outcome: &p.loggedOut})
	return p.fx.Close
}

func TestStepDoesNotAllocate(t *testing.T) {
	p := newPlayer(t)
	if got := p.dialogue(); got != reason.LoggedOut {
		t.Fatalf("dialogue ended by %v", got)
	}
	if n := testing.AllocsPerRun(100, func() { p.dialogue() }); n != 0 {
		t.Errorf("%v allocations a dialogue of nine steps", n)
	}
}

// BenchmarkSession is a whole dialogue of nine steps: connect, challenge, answer, login,
// heartbeat, logout.
func BenchmarkSession(b *testing.B) {
	p := newPlayer(b)
	b.ReportAllocs()
	for b.Loop() {
		p.dialogue()
	}
}
