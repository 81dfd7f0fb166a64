package link

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

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
