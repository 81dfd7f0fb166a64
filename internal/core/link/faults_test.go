package link

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// TestWhatIsDiscarded: what a core sends and has no place is counted by its word, and ends nothing.
func TestWhatIsDiscarded(t *testing.T) {
	t.Parallel()
	_, body := business(3, 0, 1, "to a session")
	_, late := business(3, 0, 1, "to a closed session")
	foreign := ftd.SessionTag{FrontID: testFront + 1, SessionID: 1}
	empty := func(*ftd.Encoder) {}
	frame := func(typ ftd.FrameType, ext, body []byte) []byte {
		f, err := ftd.AppendFrame(nil, typ, ext, body)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, tt := range []struct {
		name  string
		frame []byte
		why   Discard
	}{
		{"unknown session", toSession(99, body), UnknownSession},
		{"closed session", toSession(2, late), UnknownSession},
		{"another front's session", ftd.AppendSessionFrame(nil, foreign, body), ForeignSession},
		{"no tag", frame(ftd.FrameFTDC, nil, body), NoSession},
		{"a tag of another length", frame(ftd.FrameFTDC, []byte{0x40, 4, 0, 0, 0, 1}, body), NoSession},
		{"an unknown audience", frame(ftd.FrameFTDC, []byte{0x41, 1, 'X'}, body), UnknownAudience},
		{"verified, not open", toSession(3, body), NotOpen},
		{"UserLogin", message(ftd.TIDUserLogin, tagOf(1), empty), WrongTID},
		{"ForceExit", message(ftd.TIDForceExit, tagOf(1), empty), WrongTID},
		{"Authenticate", message(ftd.TIDAuthenticate, tagOf(1), empty), WrongTID},
		{"a broadcast of UserLogout", ftd.AppendBroadcast(nil, 'B', message(ftd.TIDUserLogout, nil, empty)[ftd.FrameHeaderLen:]), WrongTID},
		{"SessionOpen", message(ftd.TIDSessionOpen, tagOf(1), empty), WrongTID},
		{"a message of the link that is none", message(0x90FF, tagOf(1), empty), WrongTID},
		{"compressed", frame(ftd.FrameCompressed, nil, []byte("zip")), FrameType},
		{"an unknown type", frame(77, nil, nil), FrameType},
		{"answer without a question", verifyOK(99), LateVerify},
		{"second answer", verifyOK(1), SecondAnswer},
		{"second answer to a verified one", verifyOK(3), SecondAnswer},
		{"resume that was not asked for", resumeOK(1, 0), LateResume},
		{"resume of an unknown session", resumeOK(99, 0), LateResume},
		{"code that was not asked for", message(ftd.TIDRequestCode, tagOf(1), empty), LateCode},
		{"kick of an unknown session", message(ftd.TIDSessionKick, tagOf(99), empty), UnknownSession},
		{"kick of a foreign session", message(ftd.TIDSessionKick, &foreign, empty), ForeignSession},
		{"kick without a session", message(ftd.TIDSessionKick, nil, empty), NoSession},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newCounts()
			inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				s := openSession(t, l, k, 1, terminal)
				openSession(t, l, k, 2, terminal).Close(ftd.ReasonLogout, "")
				k.next(ftd.TIDSessionClose)
				answer := verify(t.Context(), l, attempt(t, 3, terminal))
				k.next(ftd.TIDSessionVerify)
				k.send(verifyOK(3))
				<-answer

				k.send(tt.frame)
				synctest.Wait()
				if n := seen.discarded(tt.why); n != 1 || len(seen.discards) != 1 {
					t.Errorf("discarded: %v, want one %v", seen.discards, tt.why)
				}
				if len(terminal.bodies()) != 0 || len(terminal.left()) != 0 {
					t.Error("it reached the terminal")
				}
				pass(t, s, 1) // the link goes on
				k.next(3)
				k.send(toSession(1, body))
				terminal.wait(t)
			})
		})
	}
}

// TestWhatClosesTheLink: bytes that are no frame or message, and what a core must not say of itself.
func TestWhatClosesTheLink(t *testing.T) {
	t.Parallel()
	credit := func(n int32) []byte {
		return message(ftd.TIDLinkCredit, nil, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: n}) })
	}
	broken := message(3, tagOf(1), nil)
	broken[ftd.SessionHeaderLen] = 9 // version
	other := accept(ftd.CoreActive, instanceA, 1)
	other.Instance = []byte("x")
	for _, tt := range []struct {
		name  string
		bytes []byte
		fault Fault
	}{
		{"oversize", []byte{1, 0, 0x10, 0x01}, Malformed},
		{"extension too long", []byte{1, 128, 0, 0}, Malformed},
		{"another version", broken, Malformed},
		{"short message", []byte{1, 0, 0, 1, 2}, Malformed},
		{"negative credit", credit(-2), BadCredit},
		{"LinkCredit without its field", message(ftd.TIDLinkCredit, nil, nil), Malformed},
		{"second answer to LinkLogin", message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.Error(&ftd.Error{}) }), Unexpected},
		{"bad StateChange", stateChange(other), BadAccept},
		{"StateChange without LinkAccept", message(ftd.TIDStateChange, nil, nil), Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newCounts()
			inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				a := accept(ftd.CoreActive, instanceA, 1)
				a.Credit = 1000
				k.greet(a)
				synctest.Wait()
				k.send(tt.bytes)
				<-k.over
				k = cores[0].accept() // it is dialled again
				if seen.faulted(tt.fault) != 1 || len(seen.faults) != 1 {
					t.Errorf("faults are %v, want one %v", seen.faults, tt.fault)
				}
				if s := l.Status().Endpoints[0]; s.LastFault != tt.fault || s.LastFaultText == "" || s.LastFaultAt.IsZero() {
					t.Errorf("status is %+v", s)
				}
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				openSession(t, l, k, 1, newTerminal())
			})
		})
	}
}

// TestFramesOfACoreThatIsNotInUse: they are discarded.
func TestFramesOfACoreThatIsNotInUse(t *testing.T) {
	seen := newCounts()
	inBubble(t, 2, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		a, b := cores[0].accept(), cores[1].accept()
		a.greet(accept(ftd.CoreActive, instanceA, 1))
		b.greet(accept(ftd.CoreStandby, instanceB, 1))
		synctest.Wait()
		terminal := newTerminal()
		openSession(t, l, a, 1, terminal)
		_, body := business(3, 0, 1, "x")
		b.send(toSession(1, body), ftd.AppendBroadcast(nil, 'B', body), message(ftd.TIDSessionKick, tagOf(1), nil))
		synctest.Wait()
		if seen.discarded(NotInUse) != 3 || len(terminal.bodies()) != 0 || len(terminal.left()) != 0 {
			t.Errorf("discarded %v", seen.discards)
		}
	})
}

// TestGreetingTimeout: a core that accepts and says nothing is left, and dialled again.
func TestGreetingTimeout(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, _ *Link, cores []*fakeCore) {
		k := cores[0].accept()
		began := time.Now()
		<-k.over
		if took := time.Since(began); took != greetTimeout {
			t.Errorf("after %v", took)
		}
		cores[0].accept()
		if seen.faulted(GreetingTimeout) != 1 {
			t.Errorf("faults are %v", seen.faults)
		}
	})
}

// TestHeartbeats: the front sends one when it was quiet for the core's period, and leaves a silent core after three.
func TestHeartbeats(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, _ *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.HeartbeatSeconds = 2
		k.greet(a)
		began := time.Now()
		for i := range 10 {
			k.send(ftd.AppendHeartbeat(nil))
			if at, want := (<-k.beats).Sub(began), time.Duration(i+1)*2*time.Second; at != want {
				t.Errorf("heartbeat %d after %v, want %v", i, at, want)
			}
		}
		last := time.Now()
		<-k.over
		if took := time.Since(last); took != 4*time.Second { // the core's last was two seconds before
			t.Errorf("left a silent core after %v", took)
		}
		synctest.Wait()
		if seen.faulted(Silent) != 1 {
			t.Errorf("faults are %v", seen.faults)
		}
	})
}

// TestBackoff: an endpoint that is not there is dialled ever more seldom, and again and again.
func TestBackoff(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, _ *Link, cores []*fakeCore) {
		first := cores[0].accept()
		cores[0].setDown(true)
		first.Close()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := seen.faulted(DialFailed); n < 60 || n > 130 {
			t.Errorf("%d attempts in 5 minutes", n)
		}
		cores[0].setDown(false)
		began := time.Now()
		cores[0].accept()
		if took := time.Since(began); took > longestBackoff {
			t.Errorf("dialled after %v", took)
		}
	})
}

// TestCredit: a business frame costs one, nothing else does, and terminals are held back for a bounded time.
func TestCredit(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 2
		k.greet(a)
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		pass(t, s, 1)
		if s.Wait() {
			t.Error("held back with credit")
		}
		pass(t, s, 2)
		if r := s.Pass(business(3, 0, 3, "x")); r != reason.CoreNoCredit {
			t.Error(r)
		}
		openSession2 := func(id int32) { // verifies pass without credit
			answer := verify(t.Context(), l, attempt(t, id, newTerminal()))
			k.next(ftd.TIDSessionVerify)
			k.send(verifyOK(id))
			if got := <-answer; got.err != nil {
				t.Error(got.err)
			}
		}
		k.next(3)
		k.next(3)
		openSession2(2)
		if !s.Wait() {
			t.Error("not held back without credit")
		}
		time.Sleep(DefaultWait - time.Millisecond)
		if !s.Wait() {
			t.Error("not held back until the end")
		}
		time.Sleep(time.Millisecond)
		if s.Wait() {
			t.Error("held back for too long")
		}
		k.send(message(ftd.TIDLinkCredit, nil, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: 1}) }))
		synctest.Wait()
		if got := l.Status().Endpoints[0].Credit; got != 1 {
			t.Errorf("credit is %d", got)
		}
		pass(t, s, 4)
		k.next(3)
		if !s.Wait() {
			t.Error("a new wait is not a new wait")
		}
		k.send(message(ftd.TIDLinkCredit, nil, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: -1}) }))
		synctest.Wait()
		for n := range uint32(100) {
			pass(t, s, 5+n)
		}
	})
}

// TestCreditThatGivesNothing: a LinkCredit of 0 changes nothing, and a sum has a top; neither ends the link.
func TestCreditThatGivesNothing(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 2
		k.greet(a)
		for i, step := range []struct{ frames, want int32 }{{0, 2}, {1<<31 - 4, 1<<31 - 2}, {1<<31 - 1, 1<<31 - 1}, {1, 1<<31 - 1}} {
			k.send(message(ftd.TIDLinkCredit, nil, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: step.frames}) }))
			synctest.Wait()
			if got := l.Status().Endpoints[0].Credit; got != step.want {
				t.Errorf("credit is %d behind step %d, want %d", got, i, step.want)
			}
		}
		if n := seen.discarded(MootCredit); n != 3 || len(seen.faults) != 0 {
			t.Errorf("%d were counted, and the faults are %v", n, seen.faults)
		}
	})
}

// TestFullQueue: a core that reads nothing costs 90s, not memory; what must not be omitted still passes.
func TestFullQueue(t *testing.T) {
	seen := newCounts()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core := newFakeCore(t)
		o := testOptions(t, core)
		o.QueueBytes, o.QueueLow, o.Observer = 100_000, 50_000, seen
		stalled := make(chan *stallConn, 1)
		inner := o.Dial
		o.Dial = func(ctx context.Context, e Endpoint) (c netConn, err error) {
			c, err = inner(ctx, e)
			s := &stallConn{Conn: c, release: make(chan struct{})}
			stalled <- s
			return s, err
		}
		l := New(o)
		l.Start()
		k := core.accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		answer := verify(t.Context(), l, attempt(t, 2, terminal))
		k.next(ftd.TIDSessionVerify)
		k.send(verifyOK(2))
		<-answer
		conn := <-stalled
		conn.stall.Store(true)

		_, body := business(3, 0, 1, string(bytes.Repeat([]byte("x"), 4000)))
		passed := 0
		for r := reason.OK; r == reason.OK; passed++ {
			h := ftd.Header{TID: 3, Chain: 'S', SequenceNumber: uint32(passed + 1)}
			if r = s.Pass(h, body); r != reason.OK && r != reason.CoreFull {
				t.Fatal(r)
			}
			s.Flush()
			if held := s.Wait(); held != (l.Status().Endpoints[0].Queued > o.QueueLow) {
				t.Errorf("with %d bytes Wait is %v", l.Status().Endpoints[0].Queued, held)
			}
		}
		passed--
		if passed != o.QueueBytes/(len(body)+ftd.SessionHeaderLen) {
			t.Errorf("%d messages passed", passed)
		}
		_, err := l.Verify(t.Context(), attempt(t, 3, terminal))
		refusedAs(t, err, reason.CoreFull)
		_, body = business(ftd.TIDRequestCode, 0, 1, "x")
		for why := reason.OK; why == reason.OK; {
			why = l.RequestCode(9, terminal, body)
		}
		if l.codes.take(9) != nil {
			t.Error("a request for a code that was refused is remembered")
		}
		opened, err := l.Open(opening(2, terminal)) // must not be omitted
		if err != nil {
			t.Fatal(err)
		}
		opened.Close(ftd.ReasonLogout, "")
		k.send(ftd.AppendHeartbeat(nil))
		close(conn.release)
		for range passed {
			k.next(3)
		}
		for len(k.frames) > 0 {
			if g := <-k.frames; g.header.TID == ftd.TIDSessionOpen {
				break
			}
		}
		k.next(ftd.TIDSessionClose)
		synctest.Wait()
		if got := l.Status().Endpoints[0].Queued; got != 0 {
			t.Errorf("%d bytes wait", got)
		}
		stopLink(t, l)
	})
}

// TestReserveRunsOut: a core that reads nothing while sessions end is left.
func TestReserveRunsOut(t *testing.T) {
	t.Parallel()
	failed := make(chan *problem, 1)
	o := testOptions(t)
	o.QueueBytes, o.MaxSessions = 10_000, 1
	o.fill()
	box := newOutbox(nothing{}, &o, func(p *problem) { failed <- p })
	r := ftd.Reason{Code: '1', Text: bytes.Repeat([]byte("x"), 100)}
	n := 0
	for ; ; n++ {
		ok, err := box.must(func(dst []byte) ([]byte, error) {
			e := ftd.BeginSession(dst, ftd.TIDSessionClose, *tagOf(1))
			e.Reason(&r)
			return e.End()
		})
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
	}
	checkFault(t, <-failed, QueueOverrun)
	if n*137 < o.QueueBytes+leastReserve-maxFrameBytes-137 {
		t.Errorf("after %d messages", n)
	}
}

// nothing is a sender of a socket that takes nothing.
type nothing struct{}

func (nothing) load([]byte) error      { return nil }
func (nothing) attempt() (bool, error) { return false, nil }
func (nothing) finish() error          { return nil }

// TestKick: the terminal gets the core's ForceExit, once; the front's Close tells the core.
func TestKick(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		for id, kick := range [][]byte{
			message(ftd.TIDSessionKick, tagOf(0), func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '9', Msg: []byte("by risk")}) }),
			message(ftd.TIDSessionKick, tagOf(1), nil),
		} {
			terminal := newTerminal()
			s := openSession(t, l, k, int32(id), terminal)
			k.send(kick, kick)
			synctest.Wait()
			if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.Kicked}) {
				t.Errorf("left by %v", got)
			}
			want := forceExit('9', "by risk")
			if id == 1 {
				want = forceExitKicked
			}
			if !bytes.Equal(terminal.exitData, want) {
				t.Errorf("ForceExit is %q", terminal.exitData)
			}
			s.Close(ftd.ReasonKicked, "")
			k.next(ftd.TIDSessionClose)
		}
		if seen.discarded(BadKick) != 1 || seen.discarded(SecondAnswer) != 2 || of(seen, seen.exits, ExitKicked) != 2 {
			t.Errorf("discarded %v", seen.discards)
		}
		answer := verify(t.Context(), l, attempt(t, 5, newTerminal()))
		k.next(ftd.TIDSessionVerify)
		k.send(message(ftd.TIDSessionKick, tagOf(5), nil), verifyOK(5))
		if got := <-answer; got.err != nil {
			t.Error(got.err)
		}
		if seen.discarded(EarlyKick) != 1 {
			t.Errorf("discarded %v", seen.discards)
		}
	})
}

// TestBroadcast: 'B' reaches all open sessions, 'D' those that named the series.
func TestBroadcast(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		with, without := newTerminal(), newTerminal()
		openSession(t, l, k, 1, with, ftd.Point{Series: 3, Number: 0})
		openSession(t, l, k, 2, without, ftd.Point{Series: 2, Number: 0})
		_, body := business(0x1100, 3, 1, "status")
		k.send(ftd.AppendBroadcast(nil, 'B', body), ftd.AppendBroadcast(nil, 'D', body))
		synctest.Wait()
		if len(with.bodies()) != 2 || len(without.bodies()) != 1 {
			t.Errorf("%d and %d were delivered", len(with.bodies()), len(without.bodies()))
		}
	})
}

// TestAnotherTradingDay: such a core is not used until the calendar has that day too.
func TestAnotherTradingDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core := newFakeCore(t)
		o := testOptions(t, core)
		began := time.Now()
		o.TradingDay = func() calendar.TradingDay {
			if time.Since(began) > time.Minute {
				return 20261201
			}
			return testDay
		}
		l := New(o)
		l.Start()
		k := core.accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.TradingDay = []byte("20261201")
		k.greet(a)
		synctest.Wait()
		if s := l.Status(); s.Ready() || s.Endpoints[0].State != Standby || s.Endpoints[0].Alarm != AlarmNotUsed {
			t.Errorf("status is %+v", s)
		}
		for time.Since(began) < time.Minute+10*time.Second {
			k.send(ftd.AppendHeartbeat(nil))
			time.Sleep(4 * time.Second)
		}
		synctest.Wait()
		if s := l.Status(); !s.Ready() || s.Endpoints[0].Alarm != "" {
			t.Errorf("status is %+v", s)
		}
		stopLink(t, l)
	})
}

// TestClose: the core is told of each open session, behind its last message, before the link ends.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core := newFakeCore(t)
		l := New(testOptions(t, core))
		l.Start()
		k := core.accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		asked := verify(t.Context(), l, attempt(t, 2, newTerminal()))
		k.next(ftd.TIDSessionVerify)
		if r := s.Pass(business(3, 0, 1, "last")); r != reason.OK {
			t.Fatal(r)
		}
		stopLink(t, l)
		k.next(3)
		var why ftd.Reason
		if err := why.Decode(k.next(ftd.TIDSessionClose).field(t, ftd.FIDReason)); err != nil || why.Code != ftd.ReasonDraining {
			t.Errorf("%+v, %v", why, err)
		}
		<-k.over
		refusedAs(t, (<-asked).err, reason.CoreAway)
		if r := s.Pass(business(3, 0, 2, "x")); r != reason.CoreAway {
			t.Error(r)
		}
		s.Close(ftd.ReasonGone, "")
		_, err := l.Verify(t.Context(), attempt(t, 3, newTerminal()))
		refusedAs(t, err, reason.CoreAway)
		l.Start()
		stopLink(t, l)
	})
}

// TestVerifyOnly: a firm's core that takes no business is not sent any.
func TestVerifyOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core := newFakeCore(t)
		o := testOptions(t, core)
		o.Business = false
		l := New(o)
		l.Start()
		k := core.accept()
		g := k.next(ftd.TIDLinkLogin)
		var id ftd.LinkIdentity
		if err := id.Decode(g.field(t, ftd.FIDLinkIdentity)); err != nil || id.Business != '0' {
			t.Errorf("%+v, %v", id, err)
		}
		a := accept(ftd.CoreActive, instanceA, 1)
		k.send(message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&a); e.Error(&ftd.Error{}) }))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		if r := s.Pass(business(3, 0, 1, "x")); r != reason.UnknownRequest {
			t.Error(r)
		}
		s.Close(ftd.ReasonLogout, "")
		k.next(ftd.TIDSessionClose)
		stopLink(t, l)
	})
}

// TestMaxSessions: more sessions than the front has are not asked for.
func TestMaxSessions(t *testing.T) {
	inBubble(t, 1, func(o *Options) { o.MaxSessions = 2 }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		openSession(t, l, k, 1, newTerminal())
		s := openSession(t, l, k, 2, newTerminal())
		_, err := l.Verify(t.Context(), attempt(t, 3, newTerminal()))
		refusedAs(t, err, reason.Overloaded)
		s.Close(ftd.ReasonLogout, "")
		k.next(ftd.TIDSessionClose)
		openSession(t, l, k, 3, newTerminal())
	})
}
