package link

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// coreChanges are what takes the core from the sessions of its first Term while its connection stays up.
var coreChanges = []struct {
	name string
	to   ftd.LinkAccept
}{
	{"another Term", accept(ftd.CoreActive, instanceA, 2)},
	{"standby", accept(ftd.CoreStandby, instanceA, 1)},
	{"initialising", accept(ftd.CoreInitialising, instanceA, 1)},
	{"another Instance", accept(ftd.CoreActive, instanceB, 1)},
}

// overALivingLink runs body with a link whose core is active under Term 1, for each of coreChanges.
func overALivingLink(t *testing.T, body func(t *testing.T, l *Link, k *coreConn, change []byte)) {
	for _, c := range coreChanges {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, 1, func(o *Options) { o.FailoverSpread = time.Second }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				body(t, l, k, stateChange(c.to))
				synctest.Wait()
				if n := l.Status().Sessions; n != 0 || len(k.frames) != 0 {
					t.Errorf("%d sessions are left, and %d frames came behind the last", n, len(k.frames))
				}
			})
		})
	}
}

// TestAVerifiedSessionIsAbortedWhenItsCoreChanges: the core has reserved its place, and would wait for SessionOpen for ever.
func TestAVerifiedSessionIsAbortedWhenItsCoreChanges(t *testing.T) {
	t.Parallel()
	overALivingLink(t, func(t *testing.T, l *Link, k *coreConn, change []byte) {
		for id := range int32(2) {
			answer := verify(t.Context(), l, attempt(t, id, newTerminal()))
			k.next(ftd.TIDSessionVerify)
			k.send(verifyOK(id))
			if got := <-answer; got.err != nil {
				t.Fatal(got.err)
			}
		}
		k.send(change)
		synctest.Wait()
		if _, err := l.Open(opening(0, newTerminal())); !errors.Is(err, core.ErrLost) {
			t.Errorf("opened: %v", err)
		}
		l.Abort(1, ftd.ReasonRecordFailed, "disk full")
		for id := range int32(2) {
			if g := k.next(ftd.TIDSessionAbort); g.tag.SessionID != id {
				t.Errorf("session %d is aborted, want %d", g.tag.SessionID, id)
			}
		}
	})
}

// restrict verifies a session that may only change its password.
func restrict(t *testing.T, l *Link, k *coreConn, id int32, terminal core.Terminal) core.Session {
	t.Helper()
	answer := verify(t.Context(), l, attempt(t, id, terminal))
	k.next(ftd.TIDSessionVerify)
	r := goodResult
	r.Restriction = ftd.RestrictionPasswordOnly
	k.send(message(ftd.TIDSessionVerify, tagOf(id), func(e *ftd.Encoder) { e.VerifyResult(&r); e.Error(&ftd.Error{Code: 140}) }))
	return refusedAs(t, (<-answer).err, reason.FirstLogin).Session
}

// TestAPasswordOnlySessionEndsWithItsCore: no core could resume it, so its terminal is sent away, and the core learns that it is over.
func TestAPasswordOnlySessionEndsWithItsCore(t *testing.T) {
	t.Parallel()
	overALivingLink(t, func(t *testing.T, l *Link, k *coreConn, change []byte) {
		terminal := newTerminal()
		s := restrict(t, l, k, 1, terminal)
		k.send(change)
		terminal.wait(t)
		if left := terminal.left(); len(left) != 1 || left[0] != reason.CoreChanged {
			t.Errorf("sent away: %v", left)
		}
		h, body := business(ftd.TIDPasswordUpdate, 0, 1, "old and new")
		if r := s.Pass(h, body); r == reason.OK {
			t.Error("a new password was passed to a core that changed")
		}
		s.Close(ftd.ReasonKicked, "core changed")
		if g := k.next(ftd.TIDSessionClose); g.tag.SessionID != 1 {
			t.Errorf("session %d is closed", g.tag.SessionID)
		}
		time.Sleep(time.Second)
		if len(terminal.left()) != 1 {
			t.Error("sent away twice")
		}
	})
}

// TestALoginOvertakesTheExit: a terminal whose password could be changed logs in again before it is sent away: the login counts.
func TestALoginOvertakesTheExit(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		l.options.FailoverSpread = time.Hour
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		before := restrict(t, l, k, 1, terminal)
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		synctest.Wait()
		answer := verify(t.Context(), l, attempt(t, 1, terminal))
		k.next(ftd.TIDSessionClose)
		k.next(ftd.TIDSessionVerify)
		k.send(verifyOK(1))
		if got := <-answer; got.err != nil {
			t.Fatal(got.err)
		}
		s, err := l.Open(opening(1, terminal))
		if err != nil {
			t.Fatal(err)
		}
		k.next(ftd.TIDSessionOpen)
		before.Close(ftd.ReasonGone, "")
		k.alive(time.Minute)
		synctest.Wait()
		pass(t, s, 1)
		k.next(3)
		if len(terminal.left()) != 0 {
			t.Error("sent away")
		}
	})
}

// TestARefusedLoginEndsThePasswordOnlySession: the core may keep that until it is told, since its refusal is about the login.
func TestARefusedLoginEndsThePasswordOnlySession(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		before := restrict(t, l, k, 1, terminal)
		for n := range 2 { // the second refusal ends nothing
			answer := verify(t.Context(), l, attempt(t, 1, terminal))
			k.next(ftd.TIDSessionVerify)
			k.send(message(ftd.TIDSessionVerify, tagOf(1), func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: 3}) }))
			refusedAs(t, (<-answer).err, reason.WrongPassword)
			if n == 0 {
				k.next(ftd.TIDSessionClose)
			}
		}
		before.Close(ftd.ReasonGone, "")
		synctest.Wait()
		if n := l.Status().Sessions; n != 0 || len(k.frames) != 0 {
			t.Errorf("%d sessions are left, and %d frames came behind the last", n, len(k.frames))
		}
	})
}

// TestACoreThatComesAndGoesEndsTheWait: a core takes the link and loses it, again and again. The session does not wait for ever; a
// resume begins its time anew.
func TestACoreThatComesAndGoesEndsTheWait(t *testing.T) {
	for name, resumesAt := range map[string]int{"never resumed": -1, "resumed once": 1} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) { comeAndGo(t, l, cores[0], resumesAt) })
		})
	}
}

// comeAndGo is a core that closes each connection after a second, without an answer to SessionResume but to that of one.
func comeAndGo(t *testing.T, l *Link, core *fakeCore, resumesAt int) {
	l.options.FailoverSpread = 0
	k := core.accept()
	k.greet(accept(ftd.CoreActive, instanceA, 1))
	synctest.Wait()
	terminal := newTerminal()
	s := openSession(t, l, k, 1, terminal)
	lost := time.Now()
	k.Close()
	const most = DefaultGrace + DefaultVerifyTimeout
	for n := 0; time.Since(lost) < most-longestBackoff-time.Second; n++ {
		k = core.accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		k.next(ftd.TIDSessionResume)
		if n == resumesAt {
			k.send(resumeOK(1, 0))
		}
		time.Sleep(time.Second)
		if n == resumesAt {
			lost = time.Now()
		}
		k.Close()
		synctest.Wait()
	}
	core.setDown(true)
	for len(core.conns) > 0 {
		core.accept().Close()
	}
	terminal.wait(t)
	if took := terminal.exitedAt.Sub(lost); took < DefaultGrace || took > most || terminal.left()[0] != reason.CoreChanged {
		t.Errorf("sent away %v after the core was lost: %v", took, terminal.left())
	}
	s.Close(ftd.ReasonKicked, "")
}

// TestARequestForACodeIsAnsweredWhenItsCoreIsLost: with 8, once, whether the link ends or the core alone is not in use any more.
func TestARequestForACodeIsAnsweredWhenItsCoreIsLost(t *testing.T) {
	for name, lose := range map[string]func(k *coreConn){
		"link": func(k *coreConn) { k.Close() },
		"core": func(k *coreConn) { k.send(stateChange(accept(ftd.CoreStandby, instanceA, 1))) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				_, body := business(ftd.TIDRequestCode, 0, 6, "mobile")
				if r := l.RequestCode(5, terminal, body); r != reason.OK {
					t.Fatal(r)
				}
				k.next(ftd.TIDRequestCode)
				lose(k)
				synctest.Wait()
				k.send(toSession(5, body))
				synctest.Wait()
				got := terminal.bodies()
				if len(got) != 1 || l.codes.waiting() != 0 {
					t.Fatalf("%d answers, and %d wait", len(got), l.codes.waiting())
				}
				m, err := ftd.DecodeMessage(got[0])
				if err != nil {
					t.Fatal(err)
				}
				var e ftd.Error
				data, _ := m.Field(ftd.FIDError)
				if err := e.Decode(data); err != nil || e.Code != 8 || m.TID != ftd.TIDRequestCode || m.SequenceNumber != 6 {
					t.Errorf("the answer is %+v %+v: %v", m, e, err)
				}
			})
		})
	}
}
