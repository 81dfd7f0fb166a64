package link

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

func stateChange(a ftd.LinkAccept) []byte {
	return message(ftd.TIDStateChange, nil, func(e *ftd.Encoder) { e.LinkAccept(&a) })
}

// resumeOK answers a SessionResume.
func resumeOK(id int32, code int) []byte {
	return message(ftd.TIDSessionResume, tagOf(id), func(e *ftd.Encoder) {
		e.ResumePoints(&ftd.ResumePoints{Count: 1, Points: [8]ftd.Point{{Series: 2, Number: 9}}})
		e.Error(&ftd.Error{Code: code})
	})
}

func pass(t testing.TB, s core.Session, number uint32) {
	t.Helper()
	if r := s.Pass(business(3, 0, number, "order")); r != reason.OK {
		t.Fatalf("order %d: %v", number, r)
	}
	s.Flush()
}

// TestResumeAfterARestart: a core that comes back within the grace costs no session, and what it has not answered is
// refused by number.
func TestResumeAfterARestart(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal, ftd.Point{Series: 2, Number: 7}, ftd.Point{Series: 4, Number: -1})
		for n := range uint32(4) {
			pass(t, s, n+1)
			k.next(3)
		}
		_, answer := business(3, 0, 2, "answer")
		_, private := business(0x1001, 2, 9, "fill")
		k.send(toSession(1, answer), toSession(1, private))
		terminal.wait(t)
		terminal.wait(t)
		k.Close()
		synctest.Wait()
		if r := s.Pass(business(3, 0, 5, "order")); r != reason.CoreAway {
			t.Errorf("passed while the core is away: %v", r)
		}
		if s.Wait() {
			t.Error("the terminal is held back though the core is away")
		}
		if st := l.Status(); st.Waiting != 1 || st.InUse != -1 {
			t.Errorf("status is %+v", st)
		}

		k = cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceB, 2))
		g := k.next(ftd.TIDSessionResume)
		var resume ftd.ResumeSession
		if err := resume.Decode(g.field(t, ftd.FIDResumeSession)); err != nil {
			t.Fatal(err)
		}
		if string(resume.UserID) != "u1" || !slices.Equal(resume.Delivered.All(), []ftd.Point{{Series: 2, Number: 9}, {Series: 4, Number: -1}}) {
			t.Errorf("SessionResume is %+v", resume)
		}
		if r := s.Pass(business(3, 0, 6, "order")); r != reason.CoreAway {
			t.Errorf("passed before the core answered: %v", r)
		}
		k.send(resumeOK(1, 0), resumeOK(1, 0))
		synctest.Wait()
		if !slices.Equal(terminal.refused, []uint32{1, 3, 4}) {
			t.Errorf("refused %v", terminal.refused)
		}
		pass(t, s, 7)
		k.next(3)
		if seen.discarded(LateResume) != 1 || of(seen, seen.resumes, Resumed) != 1 || len(terminal.left()) != 0 {
			t.Error("not resumed once")
		}
		k.alive(time.Minute) // nothing that was armed ends the session
		synctest.Wait()
		if len(terminal.left()) != 0 {
			t.Error("a resumed session ended")
		}
	})
}

// TestAFlowFromNowOnIsResumedWhereTheCoreSaid: the terminal asked for it from then on and has got nothing: the core says where that was,
// and the front names it at the next resume.
func TestAFlowFromNowOnIsResumedWhereTheCoreSaid(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		openSession(t, l, k, 1, newTerminal(), ftd.Point{Series: 2, Number: -1}, ftd.Point{Series: 4, Number: -1}, ftd.Point{Series: 5, Number: 3})
		for term, want := range [][]ftd.Point{
			{{Series: 2, Number: -1}, {Series: 4, Number: -1}, {Series: 5, Number: 3}},
			{{Series: 2, Number: 9}, {Series: 4, Number: -1}, {Series: 5, Number: 3}},
		} {
			k.send(stateChange(accept(ftd.CoreActive, instanceA, int32(term+2))))
			var resume ftd.ResumeSession
			if err := resume.Decode(k.next(ftd.TIDSessionResume).field(t, ftd.FIDResumeSession)); err != nil {
				t.Fatal(err)
			}
			if got := resume.Delivered.All(); !slices.Equal(got, want) {
				t.Errorf("delivered are %v, want %v", got, want)
			}
			k.send(message(ftd.TIDSessionResume, tagOf(1), func(e *ftd.Encoder) {
				e.ResumePoints(&ftd.ResumePoints{Count: 2, Points: [8]ftd.Point{{Series: 2, Number: 9}, {Series: 5, Number: 7}}})
				e.Error(&ftd.Error{})
			}))
			synctest.Wait()
		}
	})
}

// TestAnotherTermOnTheSameLink: a core that says another term or instance, or standby and active again, is asked to resume.
func TestAnotherTermOnTheSameLink(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		for i, change := range [][]byte{
			stateChange(accept(ftd.CoreActive, instanceA, 2)),
			stateChange(accept(ftd.CoreActive, instanceB, 2)),
			append(stateChange(accept(ftd.CoreStandby, instanceB, 2)), stateChange(accept(ftd.CoreActive, instanceB, 2))...),
		} {
			k.send(change)
			k.next(ftd.TIDSessionResume)
			_, body := business(3, 0, 1, "too early")
			k.send(toSession(1, body))
			synctest.Wait()
			if len(terminal.bodies()) != 0 {
				t.Fatal("delivered to a session that is not resumed")
			}
			k.send(resumeOK(1, 0))
			synctest.Wait()
			pass(t, s, uint32(i+1))
			k.next(3)
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2))) // no change
		synctest.Wait()
		pass(t, s, 4)
		k.next(3)
	})
}

// TestResumeRefused: the terminal is sent away, and the core that does not know the session is told nothing more.
func TestResumeRefused(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminals := []*fakeTerminal{newTerminal(), newTerminal(), newTerminal()}
		var sessions []core.Session
		for i, terminal := range terminals {
			sessions = append(sessions, openSession(t, l, k, int32(i+1), terminal))
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for range terminals {
			k.next(ftd.TIDSessionResume)
		}
		k.send(resumeOK(1, 60), message(ftd.TIDSessionResume, tagOf(2), nil)) // refused, nonsense, unanswered
		k.alive(DefaultVerifyTimeout + DefaultFailoverSpread + time.Second)
		synctest.Wait()
		for i, terminal := range terminals {
			if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.CoreChanged}) {
				t.Errorf("terminal %d left by %v", i+1, got)
			}
			var exit ftd.ForceExit
			if err := exit.Decode(terminal.exitData); err != nil || exit.Code != '2' || string(exit.Msg) != reason.CoreChangedText || len(exit.Msg) > 100 {
				t.Errorf("ForceExit is %+v, %v", exit, err)
			}
			sessions[i].Close(ftd.ReasonGone, "")
		}
		// Of the second and third the core may believe that they go on.
		for _, id := range []int32{2, 3} {
			if g := k.next(ftd.TIDSessionClose); g.tag.SessionID != id {
				t.Errorf("closed %v", g.tag)
			}
		}
		if len(k.frames) != 0 || l.Status().Sessions != 0 {
			t.Error("more was sent, or a session is left")
		}
	})
}

// TestNoCoreWithinTheGrace: all terminals are sent away, spread evenly.
func TestNoCoreWithinTheGrace(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		const n = 300
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		var terminals []*fakeTerminal
		for i := range int32(n) {
			terminals = append(terminals, newTerminal())
			openSession(t, l, k, i, terminals[i])
		}
		verifiedOnly := verify(t.Context(), l, attempt(t, n, newTerminal()))
		k.next(ftd.TIDSessionVerify)
		k.send(verifyOK(n))
		<-verifiedOnly
		asked := verify(t.Context(), l, attempt(t, n+1, newTerminal()))
		k.next(ftd.TIDSessionVerify)

		cores[0].setDown(true)
		k.Close()
		lost := time.Now()
		refusedAs(t, (<-asked).err, reason.CoreAway)
		if _, err := l.Open(opening(n, newTerminal())); !errors.Is(err, core.ErrLost) {
			t.Errorf("opened: %v", err)
		}
		time.Sleep(DefaultGrace - time.Millisecond)
		synctest.Wait()
		if of(seen, seen.exits, ExitCoreChanged) != 0 {
			t.Error("a terminal was sent away within the grace")
		}
		time.Sleep(DefaultFailoverSpread + time.Second)
		synctest.Wait()
		var perThird [3]int
		for i, terminal := range terminals {
			if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.CoreChanged}) {
				t.Fatalf("terminal %d left by %v", i, got)
			}
			after := terminal.exitedAt.Sub(lost) - DefaultGrace
			if after < 0 || after > DefaultFailoverSpread {
				t.Fatalf("terminal %d left after %v", i, after)
			}
			perThird[min(after*3/DefaultFailoverSpread, 2)]++
		}
		for _, count := range perThird {
			if count < n/3-2 || count > n/3+2 {
				t.Errorf("in thirds of the time left %v", perThird)
			}
		}
		if of(seen, seen.resumes, ResumeNoCore) != n {
			t.Error("not all were counted")
		}
	})
}

// TestTwoCores: a higher term fences the other core, at once and for good.
func TestTwoCores(t *testing.T) {
	seen := newCounts()
	inBubble(t, 2, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		a, b := cores[0].accept(), cores[1].accept()
		a.greet(accept(ftd.CoreActive, instanceA, 5))
		b.greet(accept(ftd.CoreStandby, instanceB, 0))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, a, 1, terminal)

		b.send(stateChange(accept(ftd.CoreActive, instanceB, 6)))
		b.next(ftd.TIDSessionResume)
		_, body := business(3, 0, 1, "from a fenced core")
		a.send(toSession(1, body))
		synctest.Wait()
		<-a.over
		if len(terminal.bodies()) != 0 {
			t.Error("a fenced core's message was delivered")
		}
		b.send(resumeOK(1, 0))
		synctest.Wait()
		pass(t, s, 1)
		b.next(3)

		again := cores[0].accept()
		again.greet(accept(ftd.CoreActive, instanceA, 5))
		<-again.over
		if st := l.Status(); st.InUse != 1 || st.Term != 6 || seen.faulted(LowerTerm) != 2 {
			t.Errorf("status is %+v", st)
		}
		cores[1].setDown(true)
		b.Close()
		again = cores[0].accept()
		again.greet(accept(ftd.CoreActive, instanceA, 5)) // 6 was seen
		<-again.over
		again = cores[0].accept()
		again.greet(accept(ftd.CoreActive, instanceA, 7))
		again.next(ftd.TIDSessionResume)
		again.send(resumeOK(1, 0))
		synctest.Wait()
		pass(t, s, 2)
		again.next(3)
		if len(terminal.left()) != 0 {
			t.Error("the terminal was sent away")
		}
	})
}

// TestAResumeThatIsCutOff: the core goes away again while it resumes; the sessions wait for the next.
func TestAResumeThatIsCutOff(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		pass(t, s, 1)
		k.next(3)
		for term := range int32(5) {
			k.Close()
			k = cores[0].accept()
			k.greet(accept(ftd.CoreActive, instanceB, 2+term))
			k.next(ftd.TIDSessionResume)
		}
		k.send(resumeOK(1, 0))
		synctest.Wait()
		if !slices.Equal(terminal.refused, []uint32{1}) || len(terminal.left()) != 0 {
			t.Errorf("refused %v, left by %v", terminal.refused, terminal.left())
		}
		pass(t, s, 2)
		k.next(3)
	})
}

// TestAResumeUnderAnEndedTerm: a core that becomes standby while it is asked is not waited for; the sessions wait for the next.
func TestAResumeUnderAnEndedTerm(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(stateChange(accept(ftd.CoreStandby, instanceA, 2)))
		time.Sleep(DefaultGrace - time.Second)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 3)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		if len(terminal.left()) != 0 {
			t.Fatal("the terminal was sent away")
		}
		pass(t, s, 1)
		k.next(3)
	})
}

// TestEachAnswerOfSeveralSendsTheFlowsAgain: a core whose term rises while it is asked to resume is asked again. It answers
// both, and sends what was missed behind each answer: the terminal gets that once, and what follows too.
func TestEachAnswerOfSeveralSendsTheFlowsAgain(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal, ftd.Point{Series: 2, Number: 7})
		fill := func(number uint32) []byte {
			_, body := business(0x1001, 2, number, "fill")
			return toSession(1, body)
		}
		k.send(fill(8), fill(9))
		for term := range int32(2) {
			k.send(stateChange(accept(ftd.CoreActive, instanceA, 2+term)))
			k.next(ftd.TIDSessionResume)
		}
		k.send(resumeOK(1, 0), fill(10), resumeOK(1, 0), fill(10), fill(11)) // behind 9
		synctest.Wait()
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 4)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0), fill(12), fill(1), fill(2)) // asked once: the core's numbers are its own, also those of a new day
		synctest.Wait()
		var got []uint32
		for _, body := range terminal.bodies() {
			h, err := ftd.DecodeHeader(body)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, h.SequenceNumber)
		}
		if want := []uint32{8, 9, 10, 11, 12, 1, 2}; !slices.Equal(got, want) || seen.discarded(Repeated) != 1 {
			t.Errorf("delivered %v, want %v; %d repeats", got, want, seen.discarded(Repeated))
		}
		pass(t, s, 1)
		k.next(3)
	})
}

// TestACloseWhileWaiting: a terminal that leaves meanwhile is not resumed and not sent away.
func TestACloseWhileWaiting(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		k.Close()
		synctest.Wait()
		s.Close(ftd.ReasonGone, "")
		k = cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceB, 2))
		k.alive(time.Minute)
		synctest.Wait()
		if len(k.frames) != 0 || len(terminal.left()) != 0 || l.Status().Sessions != 0 {
			t.Error("a closed session was resumed or sent away")
		}
	})
}

// TestOneOutcomeAfterAResume: a request that the front has refused because the core went away is not answered again by
// a core that had it all the same, and the rest of a long one is not passed on.
func TestOneOutcomeAfterAResume(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		pass(t, s, 1)
		k.next(3)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		if !slices.Equal(terminal.refused, []uint32{1}) {
			t.Fatalf("refused %v", terminal.refused)
		}
		_, answer := business(3, 0, 1, "late")
		k.send(toSession(1, answer))
		pass(t, s, 1) // its last part
		pass(t, s, 2)
		if g := k.next(3); g.header.SequenceNumber != 2 {
			t.Errorf("request %d was passed on after its refusal", g.header.SequenceNumber)
		}
		synctest.Wait()
		if len(terminal.bodies()) != 0 || seen.discarded(SecondAnswer) != 1 {
			t.Error("a request that was refused is answered")
		}
	})
}

// TestAnswersToTwoResumes: of a session that was asked for under two terms the first answer counts, and a second that
// contradicts it leaves neither side with a session that the other has not.
func TestAnswersToTwoResumes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		codes  [2]int
		closed bool // the core is told that the session is over
	}{
		{"refused, then resumed", [2]int{8, 0}, true},
		{"resumed, then refused", [2]int{0, 8}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, 1, func(o *Options) { o.FailoverSpread = -1 }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				s := openSession(t, l, k, 1, terminal)
				for term := range int32(2) {
					k.send(stateChange(accept(ftd.CoreActive, instanceA, term+2)))
					k.next(ftd.TIDSessionResume)
				}
				k.send(resumeOK(1, tt.codes[0]), resumeOK(1, tt.codes[1]))
				synctest.Wait()
				time.Sleep(time.Second)
				if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.CoreChanged}) {
					t.Errorf("the terminal left by %v", got)
				}
				s.Close(ftd.ReasonGone, "")
				synctest.Wait()
				if told := len(k.frames) == 1 && (<-k.frames).header.TID == ftd.TIDSessionClose; told != tt.closed {
					t.Errorf("the core was told that the session is over: %v", told)
				}
			})
		})
	}
}

// TestACloseUnderAnotherTerm: a core that says another term, and is not asked yet, is told of a terminal that leaves.
func TestACloseUnderAnotherTerm(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		k.send(stateChange(accept(ftd.CoreStandby, instanceA, 1)))
		synctest.Wait()
		s.Close(ftd.ReasonGone, "")
		if g := k.next(ftd.TIDSessionClose); g.tag.SessionID != 1 {
			t.Errorf("closed %v", g.tag)
		}
	})
}
