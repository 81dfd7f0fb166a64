package link

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// TestALoginAskedUnderAnEndedTermIsAborted: the core takes a higher Term while SessionVerify is on its way to it, and then reads that:
// it reserves a session that the front will not open.
func TestALoginAskedUnderAnEndedTermIsAborted(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		answer := verify(t.Context(), l, attempt(t, 1, newTerminal()))
		k.next(ftd.TIDSessionVerify)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		got := <-answer
		if refused, is := errors.AsType[*core.Refused](got.err); !is || refused.Reason != reason.CoreAway {
			t.Fatalf("the login got %v", got.err)
		}
		if g := k.next(ftd.TIDSessionAbort); g.tag.SessionID != 1 {
			t.Errorf("session %d is aborted", g.tag.SessionID)
		}
		k.send(verifyOK(1))
		synctest.Wait()
	})
}

// TestALoginIsNotAskedBehindItsAbort: the Term changes after a login has its place in the table, and before its question is queued. The
// core has been told that the login is over: a question behind that would have it reserve a session that nothing ends.
func TestALoginIsNotAskedBehindItsAbort(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		a := attempt(t, 1, newTerminal())
		under, _ := l.current()
		s := newVerifying(l, under, a)
		if r, err := l.enter(s); r != reason.OK || err != nil {
			t.Fatal(r, err)
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		if g := k.next(ftd.TIDSessionAbort); g.tag.SessionID != 1 {
			t.Errorf("session %d is aborted", g.tag.SessionID)
		}
		got, err := l.ask(t.Context(), under, s, a)
		if err != nil || got.refused == nil || got.refused.Reason != reason.CoreAway {
			t.Errorf("the login got %+v, %v", got, err)
		}
		answer := verify(t.Context(), l, attempt(t, 2, newTerminal()))
		if g := k.next(ftd.TIDSessionVerify); g.tag.SessionID != 2 {
			t.Errorf("session %d is asked for", g.tag.SessionID)
		}
		k.send(verifyOK(2))
		if got := <-answer; got.err != nil {
			t.Error(got.err)
		}
	})
}

// TestARequestInPartsIsRefusedOnce: the core has got the first part and goes away; what comes behind is refused at once, and not
// again when the session is resumed.
func TestARequestInPartsIsRefusedOnce(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		pass := func(number uint32, chain byte) reason.Reason { return passPart(s, number, chain) }
		if r := pass(1, ftd.ChainSingle); r != reason.OK {
			t.Fatal(r)
		}
		k.next(3)
		if r := pass(2, ftd.ChainFirst); r != reason.OK {
			t.Fatal(r)
		}
		k.next(3)
		k.send(stateChange(accept(ftd.CoreStandby, instanceA, 1)))
		synctest.Wait()
		if r := pass(2, ftd.ChainLast); r != reason.CoreAway {
			t.Fatalf("the last part: %v", r)
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		terminal.mu.Lock()
		defer terminal.mu.Unlock()
		if !slices.Equal(terminal.refused, []uint32{1}) {
			t.Errorf("refused are %v, want [1]", terminal.refused)
		}
	})
}

// passPart passes a part of a request, or the whole of one.
func passPart(s core.Session, number uint32, chain byte) reason.Reason {
	h, body := business(3, 0, number, "content")
	h.Chain, body[5] = chain, chain
	r := s.Pass(h, body)
	s.Flush()
	return r
}

// TestARequestRefusedBetweenItsPartsIsNotAnswered: the credit ends behind the first part of a request, whose refusal the terminal gets. An
// answer that the core gives to the part is its second.
func TestARequestRefusedBetweenItsPartsIsNotAnswered(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.Credit = 1
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		if r := passPart(s, 1, ftd.ChainFirst); r != reason.OK {
			t.Fatal(r)
		}
		k.next(3)
		if r := passPart(s, 1, ftd.ChainMiddle); r != reason.CoreNoCredit {
			t.Fatalf("the second part: %v", r)
		}
		_, answer := business(3, 0, 1, "incomplete")
		_, next := business(3, 0, 2, "answer")
		k.send(toSession(1, answer), toSession(1, next))
		synctest.Wait()
		if got := terminal.bodies(); len(got) != 1 || !bytes.Equal(got[0], next) || seen.discarded(SecondAnswer) != 1 {
			t.Errorf("%d answers were delivered, %d discarded as the second", len(got), seen.discarded(SecondAnswer))
		}
	})
}

// TestEachRequestOfALongOutageIsRefusedOnce: what a core answers of all that it had got before it went away is discarded, however many those are.
func TestEachRequestOfALongOutageIsRefusedOnce(t *testing.T) {
	seen := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		var late []byte
		for n := uint32(1); n <= maxWindow; n++ {
			pass(t, s, n)
			_, answer := business(3, 0, n, "late")
			late = append(late, toSession(1, answer)...)
		}
		for range maxWindow {
			k.next(3)
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0), late)
		synctest.Wait()
		terminal.mu.Lock()
		defer terminal.mu.Unlock()
		if len(terminal.refused) != maxWindow || len(terminal.delivered) != 0 || seen.discarded(SecondAnswer) != maxWindow {
			t.Errorf("%d refused, %d answered after that, %d discarded", len(terminal.refused), len(terminal.delivered), seen.discarded(SecondAnswer))
		}
	})
}
