package link

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// kickOf is a SessionKick.
func kickOf(id int32) []byte {
	return message(ftd.TIDSessionKick, tagOf(id), func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '9', Msg: []byte("by risk")}) })
}

// wantKicked takes the end of a session that the core kicked: its terminal got the core's ForceExit at once, and alone; nothing but SessionClose
// reaches the core behind that.
func wantKicked(t *testing.T, l *Link, k *coreConn, s core.Session, terminal *fakeTerminal) {
	t.Helper()
	synctest.Wait()
	if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.Kicked}) || !bytes.Equal(terminal.exitData, forceExit('9', "by risk")) {
		t.Fatalf("the terminal left by %v with %q", got, terminal.exitData)
	}
	if r := s.Pass(business(3, 0, 9, "order")); r != reason.CoreAway {
		t.Errorf("passed behind the kick: %v", r)
	}
	s.Close(ftd.ReasonKicked, "kicked")
	var r ftd.Reason
	g := k.next(ftd.TIDSessionClose)
	if err := r.Decode(g.field(t, ftd.FIDReason)); err != nil || r.Code != ftd.ReasonKicked || g.tag.SessionID != 1 {
		t.Errorf("SessionClose of %v is %+v, %v", g.tag, r, err)
	}
	k.alive(DefaultGrace + DefaultVerifyTimeout + DefaultFailoverSpread + time.Second)
	synctest.Wait()
	if got := terminal.left(); len(got) != 1 || len(k.frames) != 0 || l.Status().Sessions != 0 {
		t.Errorf("left by %v; %d frames came behind the last, %d sessions are left", got, len(k.frames), l.Status().Sessions)
	}
}

// TestAKickBeforeTheResume: the core in use kicks a session that it has not resumed. That is carried out at once: no answer to a SessionResume
// that was on its way resurrects the session, and the core learns that it is over.
func TestAKickBeforeTheResume(t *testing.T) {
	again := accept(ftd.CoreActive, instanceA, 2)
	for name, kick := range map[string]func(t *testing.T, k *coreConn, cores []*fakeCore) *coreConn{
		"with another Term, in one piece": func(_ *testing.T, k *coreConn, _ []*fakeCore) *coreConn {
			k.send(slices.Concat(stateChange(again), kickOf(1)))
			return k
		},
		"behind LinkAccept, in one piece": func(_ *testing.T, k *coreConn, cores []*fakeCore) *coreConn {
			k.Close()
			k = cores[0].accept()
			k.next(ftd.TIDLinkLogin)
			k.send(slices.Concat(message(ftd.TIDLinkLogin, nil, func(e *ftd.Encoder) { e.LinkAccept(&again); e.Error(&ftd.Error{}) }), kickOf(1)))
			return k
		},
		"before it consents": func(_ *testing.T, k *coreConn, _ []*fakeCore) *coreConn {
			k.send(stateChange(again))
			k.next(ftd.TIDSessionResume)
			k.send(kickOf(1), resumeOK(1, 0), kickOf(1))
			return k
		},
		"before it refuses": func(_ *testing.T, k *coreConn, _ []*fakeCore) *coreConn {
			k.send(stateChange(again))
			k.next(ftd.TIDSessionResume)
			k.send(kickOf(1), resumeOK(1, 8))
			return k
		},
		"behind its refusal": func(_ *testing.T, k *coreConn, _ []*fakeCore) *coreConn {
			k.send(stateChange(again))
			k.next(ftd.TIDSessionResume)
			k.send(resumeOK(1, 8), kickOf(1))
			return k
		},
		"by another core": func(_ *testing.T, k *coreConn, cores []*fakeCore) *coreConn {
			b := cores[1].accept()
			b.greet(accept(ftd.CoreStandby, instanceB, 0))
			synctest.Wait()
			b.send(slices.Concat(stateChange(accept(ftd.CoreActive, instanceB, 7)), kickOf(1)))
			<-k.over
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 2, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				s := openSession(t, l, k, 1, terminal)
				k = kick(t, k, cores)
				synctest.Wait()
				for len(k.frames) > 0 { // a core is asked by another goroutine than the one that reads the kick
					k.next(ftd.TIDSessionResume)
				}
				wantKicked(t, l, k, s, terminal)
			})
		})
	}
}

// TestAKickEndsTheVisitsOfAWaitingRelay: the core is told of none of them behind its kick.
func TestAKickEndsTheVisitsOfAWaitingRelay(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		visits := s.(core.Visits)
		visits.OpenVisit(visitOf(1))
		wantVisit(t, k, 1, visitOf(1))
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		wantVisit(t, k, 1, visitOf(1))
		k.send(kickOf(1), resumeOK(1, 0))
		synctest.Wait()
		visits.OpenVisit(visitOf(2))
		visits.CloseVisit(visitOf(1).SubmitID)
		wantKicked(t, l, k, s, terminal)
	})
}

// TestAKickedSessionIsNotResumed: the core is lost between its kick and the end of the session at the front.
func TestAKickedSessionIsNotResumed(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		k.send(slices.Concat(kickOf(1), stateChange(accept(ftd.CoreActive, instanceA, 2))))
		wantKicked(t, l, k, s, terminal)
	})
}

// TestAKickInTheNameOfAnEndedTenure: a core that is not in use any more ends no session that another has resumed.
func TestAKickInTheNameOfAnEndedTenure(t *testing.T) {
	ended, now := &tenure{}, &tenure{}
	ended.over.Store(true)
	s := &session{state: open, tenure: now, terminal: newTerminal()}
	if terminal, why := s.kick(ended); terminal != nil || why != EarlyKick || s.state != open {
		t.Errorf("kicked: %v", why)
	}
	s.tenure = ended // not released yet
	if terminal, _ := s.kick(now); terminal == nil || s.state != leaving || s.tenure != now {
		t.Error("a kick of the core in use is lost while the session is under the tenure before")
	}
}
