package link

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// inBubble runs a test with a link to cores, on a simulated clock.
func inBubble(t *testing.T, cores int, change func(o *Options), run func(t *testing.T, l *Link, cores []*fakeCore)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fakes []*fakeCore
		for range cores {
			fakes = append(fakes, newFakeCore(t))
		}
		o := testOptions(t, fakes...)
		if change != nil {
			change(&o)
		}
		l := New(o)
		l.Start()
		run(t, l, fakes)
		stopLink(t, l)
		synctest.Wait()
	})
}

// TestALoginAndBusiness: the whole way of a session over one core.
func TestALoginAndBusiness(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 3))
		synctest.Wait()
		if s := l.Status(); s.InUse != 0 || s.Term != 3 || s.Endpoints[0].State != Active || !s.Ready() {
			t.Fatalf("status is %+v", s)
		}

		terminal := newTerminal()
		a := attempt(t, 1, terminal)
		answer := verify(t.Context(), l, a)
		g := k.next(ftd.TIDSessionVerify)
		if !g.tagged || g.tag != *tagOf(1) || !bytes.Equal(g.field(t, ftd.FIDLoginRequest), a.Request) {
			t.Errorf("SessionVerify is %+v", g)
		}
		var from ftd.SessionContext
		if err := from.Decode(g.field(t, ftd.FIDSessionContext)); err != nil {
			t.Fatal(err)
		}
		if string(from.AppID) != "ven_app_1.0" || string(from.PublicIP) != "198.51.100.7" || from.PublicPort != 4321 ||
			string(from.Instant) != "2026-11-30 09:02:03" || from.AppType != '1' {
			t.Errorf("SessionContext is %+v", from)
		}
		k.send(verifyOK(1))
		user := <-answer
		if user.err != nil || user.user.Account != "u1" || user.user.LastIP != "203.0.113.9" || user.user.Notice != "hello" {
			t.Fatalf("verified as %+v", user)
		}

		o := opening(1, terminal, ftd.Point{Series: 2, Number: 5})
		s, err := l.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		g = k.next(ftd.TIDSessionOpen)
		var record ftd.SessionRecord
		if err := record.Decode(g.field(t, ftd.FIDSessionRecord)); err != nil {
			t.Fatal(err)
		}
		if string(record.RecordID) != o.RecordID.String() || string(record.TradingDay) != "20261130" || string(record.LoginTime) != "2026-11-30 09:02:03" {
			t.Errorf("SessionRecord is %+v", record)
		}
		g.field(t, ftd.FIDResumePoints)

		h, body := business(3, 0, 1, "order")
		if r := s.Pass(h, body); r != reason.OK {
			t.Fatal(r)
		}
		s.Flush()
		if g = k.next(3); !bytes.Equal(g.body, body) || g.tag != *tagOf(1) {
			t.Errorf("the core got % x, want % x", g.body, body)
		}
		k.send(toSession(1, body))
		terminal.wait(t)
		if got := terminal.bodies(); len(got) != 1 || !bytes.Equal(got[0], body) {
			t.Errorf("delivered %x", got)
		}
		s.Close(ftd.ReasonLogout, "bye")
		s.Close(ftd.ReasonKicked, "again")
		var why ftd.Reason
		if err := why.Decode(k.next(ftd.TIDSessionClose).field(t, ftd.FIDReason)); err != nil || why.Code != ftd.ReasonLogout {
			t.Errorf("SessionClose has %+v, %v", why, err)
		}
		k.send(toSession(1, body))
		synctest.Wait()
		if got := terminal.bodies(); len(got) != 1 {
			t.Errorf("a closed session got %x", got[1:])
		}
		if st := l.Status(); st.Sessions != 0 {
			t.Errorf("status is %+v", st)
		}
	})
}

// refusedAs is the refusal of a login.
func refusedAs(t *testing.T, err error, want reason.Reason) *core.Refused {
	t.Helper()
	refused, ok := errors.AsType[*core.Refused](err)
	if !ok || refused.Reason != want {
		t.Fatalf("refused as %v, want %v", err, want)
	}
	return refused
}

// TestNoCore: what is answered when no core is in use.
func TestNoCore(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		_, err := l.Verify(t.Context(), attempt(t, 1, newTerminal()))
		refusedAs(t, err, reason.CoreAway)
		k := cores[0].accept()
		k.greet(accept(ftd.CoreInitialising, instanceA, 3))
		synctest.Wait()
		_, err = l.Verify(t.Context(), attempt(t, 1, newTerminal()))
		refusedAs(t, err, reason.CoreInitialising)
		if r := l.RequestCode(1, newTerminal(), nil); r != reason.CoreInitialising {
			t.Error(r)
		}
		change := accept(ftd.CoreStandby, instanceA, 3)
		k.send(message(ftd.TIDStateChange, nil, func(e *ftd.Encoder) { e.LinkAccept(&change) }))
		synctest.Wait()
		_, err = l.Verify(t.Context(), attempt(t, 1, newTerminal()))
		refusedAs(t, err, reason.CoreAway)
		change.State = ftd.CoreActive
		k.send(message(ftd.TIDStateChange, nil, func(e *ftd.Encoder) { e.LinkAccept(&change) }))
		synctest.Wait()
		openSession(t, l, k, 1, newTerminal())
	})
}

// TestVerifyTimeout: the login ends in time, the core is told, and its late answer is discarded.
func TestVerifyTimeout(t *testing.T) {
	counts := newCounts()
	inBubble(t, 1, func(o *Options) { o.Observer = counts }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 3))
		synctest.Wait()
		began := time.Now()
		_, err := l.Verify(t.Context(), attempt(t, 1, newTerminal()))
		refusedAs(t, err, reason.CoreTimeout)
		if took := time.Since(began); took != DefaultVerifyTimeout {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = l.Verify(ctx, attempt(t, 2, newTerminal()))
		refusedAs(t, err, reason.CoreTimeout)
		for _, id := range []int32{1, 2} {
			k.next(ftd.TIDSessionVerify)
			if g := k.next(ftd.TIDSessionAbort); g.tag.SessionID != id {
				t.Errorf("aborted %v", g.tag)
			}
		}
		k.send(verifyOK(1))
		synctest.Wait()
		if n := counts.discarded(LateVerify); n != 1 {
			t.Errorf("late_verify is %d", n)
		}
		if _, err := l.Open(opening(1, newTerminal())); !errors.Is(err, core.ErrLost) {
			t.Errorf("opened: %v", err)
		}
	})
}
