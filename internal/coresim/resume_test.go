package coresim

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
)

// resume asks for a session and returns the answer.
func (f *scripted) resume(session int32, user, record string, points ...ftd.Point) (int, ftd.ResumePoints) {
	f.t.Helper()
	m := ftd.BeginSession(nil, ftd.TIDSessionResume, f.tag(session))
	r := ftd.ResumeSession{UserID: []byte(user), RecordID: []byte(record)}
	r.Delivered.Count = len(points)
	copy(r.Delivered.Points[:], points)
	m.ResumeSession(&r)
	f.end(m)
	g := f.next()
	var got ftd.ResumePoints
	if g.h.TID != ftd.TIDSessionResume || g.tag != f.tag(session) {
		f.t.Fatalf("SessionResume was answered %v of %v", g.h.TID, g.tag)
	}
	code := f.code(g)
	if code == 0 {
		f.field(g, ftd.FIDResumePoints, &got)
	}
	return code, got
}

// again is the same process of the front on another link.
func (f *scripted) again(address string) *scripted {
	f.t.Helper()
	g := dial(f.t, address)
	g.id, g.process = f.id, f.process
	g.login()
	return g
}

func TestFrontComesBackAndResumes(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	record := f.opened(1, "alice")
	f.opened(2, "alice")
	f.verify(3, "bob", "Secret-b")
	f.ordered(1, 1, Order{Ref: "s", Direction: Sell, Price: 5, Volume: 1})
	_ = f.c.Close()
	await.True(t, "the sessions to wait", func() bool {
		n := s.Report().Sessions
		return n["suspended"] == 2 && n["reserved"] == 0
	})
	g := f.again(address)
	g.pass(1, business(0x5000, 'S', 2, "not resumed yet"))
	if code, _ := g.resume(1, "bob", record); code != codeMismatch {
		t.Errorf("another user: %d", code)
	}
	if code, _ := g.resume(1, "alice", uuid.NewString()); code != codeMismatch {
		t.Errorf("another record: %d", code)
	}
	if code, p := g.resume(1, "alice", record); code != 0 || p.Count != 1 || p.Points[0] != (ftd.Point{Series: s.Series("alice")}) {
		t.Errorf("%d %+v", code, p)
	}
	g.echoed(1, business(0x5000, 'S', 3, "resumed"))
	if n := s.Report(); n.Now().UnknownSession != 1 || n.Now().Resumes != 1 || n.Now().ResumesRefused != 2 || n.Sessions["suspended"] != 1 {
		t.Errorf("%+v", n)
	}
}

// What a session missed while its front was away is sent at once, with the numbers that it had.
func TestResumeSendsWhatWasMissed(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f, other := linked(t, address), dial(t, address)
	other.id = 2
	other.login()
	record := f.opened(1, "alice")
	other.opened(1, "bob")
	f.ordered(1, 1, Order{Ref: "s", Direction: Sell, Price: 5, Volume: 2})
	other.ordered(1, 1, Order{Ref: "b1", Direction: Buy, Price: 5, Volume: 1})
	if g := f.next(); number(g) != 1 {
		t.Fatalf("%+v", g.h)
	}
	_ = f.c.Close()
	await.True(t, "the session to wait", func() bool { return s.Report().Sessions["suspended"] == 1 })
	other.next()
	other.ordered(1, 2, Order{Ref: "b2", Direction: Buy, Price: 5, Volume: 1})
	do(t, s, "broadcast B missed")
	g := f.again(address)
	series := s.Series("alice")
	code, p := g.resume(1, "alice", record, ftd.Point{Series: series, Number: 1}, ftd.Point{Series: seriesEverybody})
	if code != 0 || p.Count != 2 || p.Points[0].Number != 1 {
		t.Fatalf("%d %+v", code, p)
	}
	for _, want := range []uint16{series, seriesEverybody} {
		if g := g.next(); g.h.SequenceSeries != want || g.tag.SessionID != 1 {
			t.Errorf("%+v, want series %d", g.h, want)
		}
	}
}

// A terminal that asked for a flow from then on, and has got nothing of it, misses nothing of what came while its front was away.
func TestResumeOfAFlowFromNowOn(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	do(t, s, "broadcast B before")
	f := linked(t, address)
	f.verify(1, "alice", "Secret-a")
	record := f.open(1, ftd.Point{Series: seriesEverybody, Number: -1})
	f.echoed(1, business(0x5000, 'S', 1, "open"))
	_ = f.c.Close()
	await.True(t, "the session to wait", func() bool { return s.Report().Sessions["suspended"] == 1 })
	do(t, s, "broadcast B missed")
	g := f.again(address)
	if code, p := g.resume(1, "alice", record, ftd.Point{Series: seriesEverybody, Number: -1}); code != 0 || p.Points[0].Number != 1 {
		t.Fatalf("%d %+v", code, p)
	}
	if m := g.next(); m.h.SequenceSeries != seriesEverybody || m.h.SequenceNumber != 2 {
		t.Errorf("%+v", m.h)
	}
}

func TestSessionsOfAnotherProcessEnd(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	f.opened(1, "alice")
	g := dial(t, address)
	g.login() // FrontID 1, another process
	f.gone()
	if n := s.Report(); n.Now().Superseded != 1 || len(n.Sessions) != 0 {
		t.Errorf("%+v", n)
	}
}

func TestGraceEnds(t *testing.T) {
	t.Parallel()
	o := options()
	o.Grace = 50 * time.Millisecond
	s, address := started(t, o)
	f := linked(t, address)
	f.opened(1, "alice")
	_ = f.c.Close()
	await.True(t, "the session to end", func() bool { return s.Report().Now().Expired == 1 })
	if n := s.Report(); len(n.Sessions) != 0 || n.Fronts != 0 {
		t.Errorf("%+v", n)
	}
}

// Another instance knows no session; it goes on with those that a front resumes, behind their numbers.
func TestRestartAndResume(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	record := f.opened(1, "alice")
	f.echoed(1, business(0x5000, 'S', 1, "open"))
	before := s.Instance()
	if after := do(t, s, "restart"); after == before || after != s.Instance() {
		t.Fatalf("instance %s, before %s", after, before)
	}
	f.gone()
	g := f.again(address)
	series := s.Series("alice")
	if code, p := g.resume(1, "alice", record, ftd.Point{Series: series, Number: 17}); code != 0 || p.Points[0].Number != 17 {
		t.Fatalf("%d %+v", code, p)
	}
	g.ordered(1, 9, Order{Ref: "s", Direction: Sell, Price: 5, Volume: 1})
	g.ordered(1, 10, Order{Ref: "b", Direction: Buy, Price: 5, Volume: 1})
	for want := int32(18); want <= 19; want++ {
		if m := g.next(); number(m) != want || m.h.SequenceSeries != series {
			t.Errorf("%+v, want number %d", m.h, want)
		}
	}
	r := s.Report()
	if len(r.Instances) != 2 || r.Instances[0].Opens != 1 || r.Instances[0].Instance != before || r.Now().Resumes != 1 {
		t.Errorf("%+v", r)
	}
	if records := s.Records(); len(records) != 1 || records[0] != record {
		t.Errorf("%v", records)
	}
}
