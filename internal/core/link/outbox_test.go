package link

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

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
		synctest.Wait() // for the requests for codes, and what follows them
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
