package link

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
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
		{"an audience of another length", frame(ftd.FrameFTDC, []byte{0x41, 2, 'B', 'B'}, body), NoSession},
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
