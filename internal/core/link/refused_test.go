package link

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// refuseRequest refuses request 1 of a session, and may use the core for that.
type refuseRequest func(t *testing.T, k *coreConn, s core.Session) reason.Reason

// standsBy passes request 1 while the core says state, and makes it active again.
func standsBy(state ftd.CoreState) refuseRequest {
	return func(_ *testing.T, k *coreConn, s core.Session) reason.Reason {
		k.send(stateChange(accept(state, instanceA, 1)))
		synctest.Wait()
		r := passPart(s, 1, ftd.ChainSingle)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 1)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		return r
	}
}

func passesFirst(_ *testing.T, _ *coreConn, s core.Session) reason.Reason {
	return passPart(s, 1, ftd.ChainSingle)
}

// TestAnAnswerToARefusedRequestIsDiscarded: the core has got nothing of it, and answers all the same. What it answers to the next request
// is delivered.
func TestAnAnswerToARefusedRequestIsDiscarded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(o *Options)
		credit int32
		refuse refuseRequest
		want   reason.Reason
	}{
		{"no credit", nil, 0, passesFirst, reason.CoreNoCredit},
		{"full queue", func(o *Options) { o.QueueBytes = 1 }, -1, passesFirst, reason.CoreFull},
		{"no business", func(o *Options) { o.Business = false }, -1, passesFirst, reason.UnknownRequest},
		{"standby", nil, -1, standsBy(ftd.CoreStandby), reason.CoreAway},
		{"initialising", nil, -1, standsBy(ftd.CoreInitialising), reason.CoreInitialising},
		{"before the core was asked", nil, -1, func(_ *testing.T, _ *coreConn, s core.Session) reason.Reason {
			h, _ := business(3, 0, 1, "too fast")
			return s.Refused(h, reason.RequestRate)
		}, reason.RequestRate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newCounts()
			inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				a := accept(ftd.CoreActive, instanceA, 1)
				a.Credit = tt.credit
				k.greet(a)
				synctest.Wait()
				terminal := newTerminal()
				s := openSession(t, l, k, 1, terminal)
				if tt.change != nil {
					tt.change(&l.options)
					l.tenure.Load().conn.out.limit = l.options.QueueBytes
				}
				if r := tt.refuse(t, k, s); r != tt.want {
					t.Fatalf("refused with %v, want %v", r, tt.want)
				}
				_, answer := business(3, 0, 1, "answer")
				_, next := business(3, 0, 2, "answer")
				k.send(toSession(1, answer), toSession(1, next))
				synctest.Wait()
				if got := terminal.bodies(); len(got) != 1 || !bytes.Equal(got[0], next) || seen.discarded(SecondAnswer) != 1 {
					t.Errorf("%d answers were delivered, %d discarded as the second", len(got), seen.discarded(SecondAnswer))
				}
			})
		})
	}
}

// TestAPasswordIsSentAgainUnderItsNumber: while only the password may be changed the terminal picks the numbers, and may take that of a
// refused request again. That one is answered.
func TestAPasswordIsSentAgainUnderItsNumber(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 0
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		s := restrict(t, l, k, 1, terminal)
		h, body := business(ftd.TIDPasswordUpdate, 0, 7, "old and new")
		if r := s.Pass(h, body); r != reason.CoreNoCredit {
			t.Fatal(r)
		}
		a.Credit = -1
		k.send(stateChange(a))
		synctest.Wait()
		if r := s.Pass(h, body); r != reason.OK {
			t.Fatal(r)
		}
		s.Flush()
		k.next(ftd.TIDPasswordUpdate)
		k.send(toSession(1, body))
		synctest.Wait()
		if n := len(terminal.bodies()); n != 1 {
			t.Errorf("%d answers were delivered", n)
		}
	})
}

// TestARequestIsPassedUnderTheNumberOfARefusedOne: it is answered.
func TestARequestIsPassedUnderTheNumberOfARefusedOne(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 0
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		if r := passPart(s, 1, ftd.ChainSingle); r != reason.CoreNoCredit {
			t.Fatal(r)
		}
		a.Credit = -1
		k.send(stateChange(a))
		synctest.Wait()
		pass(t, s, 1)
		k.next(3)
		_, answer := business(3, 0, 1, "answer")
		k.send(toSession(1, answer))
		synctest.Wait()
		if n := len(terminal.bodies()); n != 1 {
			t.Errorf("%d answers were delivered", n)
		}
	})
}

// TestAChangedPasswordIsConfirmed: the terminal has sent another change under the number of the one that the core has, and the front has
// refused that. What the core has done is delivered.
func TestAChangedPasswordIsConfirmed(t *testing.T) {
	t.Run("whole", func(t *testing.T) { changedBefore(t, ftd.ChainSingle) })
	t.Run("last part", func(t *testing.T) { changedBefore(t, ftd.ChainLast) })
}

// changedBefore refuses a change of the password with that chain flag behind one under the same number that the core has.
func changedBefore(t *testing.T, chain byte) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 1
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		s := restrict(t, l, k, 1, terminal)
		h, body := business(ftd.TIDPasswordUpdate, 0, 7, "old and new")
		if r := s.Pass(h, body); r != reason.OK {
			t.Fatal(r)
		}
		h.Chain = chain
		if r := s.Pass(h, body); r != reason.CoreNoCredit {
			t.Fatal(r)
		}
		s.Flush()
		k.next(ftd.TIDPasswordUpdate)
		k.send(toSession(1, body))
		synctest.Wait()
		if n := len(terminal.bodies()); n != 1 {
			t.Errorf("%d answers were delivered", n)
		}
		if n, err := l.unanswered(); n != 0 || err != nil {
			t.Errorf("%d requests are without an answer: %v", n, err)
		}
	})
}

// TestThePartsOfARefusedRequestAreNotAnswered: the core has the first part, and the front refuses the last for a reason of its own. Neither the
// core's answer nor the end of the core makes another.
func TestThePartsOfARefusedRequestAreNotAnswered(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		if r := passPart(s, 1, ftd.ChainFirst); r != reason.OK {
			t.Fatal(r)
		}
		k.next(3)
		h, _ := business(3, 0, 1, "the rest")
		h.Chain = ftd.ChainLast
		if r := s.Refused(h, reason.RequestRate); r != reason.RequestRate {
			t.Fatalf("refused with %v", r)
		}
		_, answer := business(3, 0, 1, "incomplete")
		k.send(toSession(1, answer))
		pass(t, s, 2)
		k.next(3)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		if got := terminal.bodies(); len(got) != 0 || seen.discarded(SecondAnswer) != 1 {
			t.Errorf("%d answers were delivered, %d discarded as the second", len(got), seen.discarded(SecondAnswer))
		}
		terminal.mu.Lock()
		defer terminal.mu.Unlock()
		if !slices.Equal(terminal.refused, []uint32{2}) {
			t.Errorf("refused are %v, want [2]", terminal.refused)
		}
	})
}

// TestARefusalOnItsWayIsTheOnlyOne: the core went away with the first part, whose refusal is on its way when the front would refuse the rest.
func TestARefusalOnItsWayIsTheOnlyOne(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		if r := passPart(s, 1, ftd.ChainFirst); r != reason.OK {
			t.Fatal(r)
		}
		k.next(3)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		h, _ := business(3, 0, 1, "the rest")
		h.Chain = ftd.ChainLast
		if r := s.Refused(h, reason.RequestRate); r != reason.OK {
			t.Errorf("the rest is refused too, with %v", r)
		}
	})
}
