package link

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

func visitOf(n byte) *core.Visit {
	return &core.Visit{
		SubmitID: uuid.UUID{0: 1, 6: 0x70, 8: 0x80, 15: n}, BrokerID: []byte("9999"), Account: "88888888", UserType: '2',
		TradingDay: 20260105, RecordID: uuid.UUID{0: 1, 6: 0x80, 8: 0x80, 15: n}, Flag: '0', Terminal: relayedTerminal(),
	}
}

func relayedTerminal() []byte {
	e := ftd.Begin(nil, ftd.TIDVisitOpen)
	e.RelayedTerminal(&ftd.RelayedTerminal{
		AppID: []byte("client_demo_1.0"), PublicIP: []byte("203.0.113.7"), PublicPort: 50001,
		LoginTime: []byte("2026-01-05 08:44:58"), TerminalType: '2',
	})
	frame, err := e.End()
	if err != nil {
		panic(err)
	}
	return frame[ftd.FrameHeaderLen+ftd.MessageHeaderLen+ftd.FieldHeaderLen:]
}

// wantVisit takes a VisitOpen and compares it.
func wantVisit(t *testing.T, k *coreConn, session int32, v *core.Visit) {
	t.Helper()
	g := k.next(ftd.TIDVisitOpen)
	var response ftd.SubmitResponse
	if err := response.Decode(g.field(t, ftd.FIDSubmitResponse)); err != nil {
		t.Fatal(err)
	}
	if g.tag.SessionID != session || string(response.SubmitID) != v.SubmitID.String() || string(response.RecordID) != v.RecordID.String() ||
		string(response.UserID) != string(v.Account) || response.UserType != '2' || string(response.TradingDay) != "20260105" ||
		string(g.field(t, ftd.FIDRelayedTerminal)) != string(v.Terminal) {
		t.Errorf("VisitOpen %v of session %d has %+v", v.SubmitID, g.tag.SessionID, response)
	}
}

func wantVisitEnd(t *testing.T, k *coreConn, v *core.Visit) {
	t.Helper()
	g := k.next(ftd.TIDVisitClose)
	var ref ftd.SubmitRef
	if err := ref.Decode(g.field(t, ftd.FIDSubmitRef)); err != nil || string(ref.SubmitID) != v.SubmitID.String() {
		t.Errorf("VisitClose of %q, %v; want %v", ref.SubmitID, err, v.SubmitID)
	}
}

// TestVisits: the core learns of each terminal when it is recorded and when it goes.
func TestVisits(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		visits := s.(core.Visits)
		one, two := visitOf(1), visitOf(2)
		visits.OpenVisit(one)
		wantVisit(t, k, 1, one)
		visits.OpenVisit(two)
		wantVisit(t, k, 1, two)
		pass(t, s, 1)
		k.next(3)
		visits.CloseVisit(one.SubmitID)
		visits.CloseVisit(one.SubmitID) // it is over: the core is not told again
		visits.CloseVisit(visitOf(9).SubmitID)
		wantVisitEnd(t, k, one)
		s.Close(ftd.ReasonLogout, "")
		visits.OpenVisit(visitOf(3)) // its session is over
		k.next(ftd.TIDSessionClose)
		synctest.Wait()
		if len(k.frames) != 0 {
			t.Errorf("the core got %v besides", (<-k.frames).header.TID)
		}
	})
}

// TestTwoVisitsOfOneSubmitID: a relay that used it for other content has two records: the core is told of both, also when it
// resumes, and of their end once.
func TestTwoVisitsOfOneSubmitID(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal()).(*session)
		one, two := visitOf(1), visitOf(2)
		two.SubmitID = one.SubmitID
		for _, v := range []*core.Visit{one, two, one} {
			s.OpenVisit(v)
			wantVisit(t, k, 1, v)
		}
		if n := len(s.visits[one.SubmitID]); n != 2 {
			t.Errorf("%d visits of two records", n)
		}
		s.resumeVisits(s.tenure, func() bool { return true })
		s.tenure.conn.out.flush()
		wantVisit(t, k, 1, two)
		wantVisit(t, k, 1, one)
		s.CloseVisit(one.SubmitID)
		s.CloseVisit(two.SubmitID)
		wantVisitEnd(t, k, one)
		synctest.Wait()
		if len(k.frames) != 0 || len(s.visits) != 0 {
			t.Errorf("%d frames besides, visits %v", len(k.frames), s.visits)
		}
	})
}

// TestVisitsOverAResume: a core that resumes the session is told of the live visits again, also of those that came and
// not of those that went while no core was in use, and gets no business before.
func TestVisitsOverAResume(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminal := newTerminal()
		s := openSession(t, l, k, 1, terminal)
		visits := s.(core.Visits)
		for n := range byte(3) {
			visits.OpenVisit(visitOf(n))
			k.next(ftd.TIDVisitOpen)
		}
		k.Close()
		synctest.Wait()
		visits.CloseVisit(visitOf(1).SubmitID)
		visits.OpenVisit(visitOf(3))

		k = cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceB, 2))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		for _, n := range []byte{0, 2, 3} {
			wantVisit(t, k, 1, visitOf(n))
		}
		synctest.Wait()
		pass(t, s, 1)
		k.next(3)
		time.Sleep(time.Second)
		if len(k.frames) != 0 || len(terminal.left()) != 0 {
			t.Error("more was sent, or the relay was sent away")
		}
	})
}

// TestNoBusinessBeforeTheVisits: while the core does not read on, business is refused.
func TestNoBusinessBeforeTheVisits(t *testing.T) {
	s := &session{state: open, tenure: &tenure{}, telling: true, link: &Link{}}
	s.link.away.Store(uint32(reason.CoreAway))
	if r := s.Pass(business(3, 0, 1, "order")); r != reason.CoreAway {
		t.Errorf("passed while the visits are not told: %v", r)
	}
}

// TestRelayedVerify: the core is told through which relay a login comes, and what the relay saw.
func TestRelayedVerify(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		a := attempt(t, 1, newTerminal())
		a.AppType, a.Via, a.Relayed = '2', "abcdef_relay_1.6.0", relayedTerminal()
		answer := verify(t.Context(), l, a)
		g := k.next(ftd.TIDSessionVerify)
		var c ftd.SessionContext
		if err := c.Decode(g.field(t, ftd.FIDSessionContext)); err != nil {
			t.Fatal(err)
		}
		if string(c.RelayAppID) != "abcdef_relay_1.6.0" || c.AppType != '2' || string(c.PublicIP) != "198.51.100.7" ||
			string(g.field(t, ftd.FIDRelayedTerminal)) != string(relayedTerminal()) {
			t.Errorf("SessionContext is %+v", c)
		}
		k.send(verifyOK(1))
		<-answer
	})
}

// TestCrowdedByVisits: a core that does not read is told of no more terminals than its queue has room for: submissions are held
// back at the low water, long before the link fails.
func TestCrowdedByVisits(t *testing.T) {
	inBubble(t, 1, func(o *Options) { o.QueueLow = 16 << 10 }, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal()).(*session)
		out := s.tenure.conn.out
		if s.Crowded() {
			t.Error("crowded from the beginning")
		}
		out.mu.Lock()
		out.queue = append(out.queue, make([]byte, out.low+1)...)
		out.mu.Unlock()
		if !s.Crowded() {
			t.Error("not crowded above the low water")
		}
		out.mu.Lock()
		out.queue = out.queue[:0]
		out.mu.Unlock()
		if s.Crowded() {
			t.Error("crowded for ever")
		}
		s.Close(ftd.ReasonLogout, "")
		if s.Crowded() {
			t.Error("crowded behind the end")
		}
	})
}
