package link

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// TestTheHighestTermIsHandedOver: a core that was fenced in the life of a Process stays so in the process that goes on with it. An
// image of an older program has no term.
func TestTheHighestTermIsHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // a link that ends waits a second for its core
		newLink := func() *Link {
			o := testOptions(t)
			o.Logger, o.Endpoints = nil, []Endpoint{{Network: "tcp", Address: "a"}}
			return New(o)
		}
		take := func(image string) *Link {
			var i Image
			if err := json.Unmarshal([]byte(image), &i); err != nil {
				t.Fatal(err)
			}
			l := newLink()
			t.Cleanup(func() { stopLink(t, l) })
			if err := l.Adopt(&i, func(int32) core.Terminal { return nil }); err != nil {
				t.Fatal(err)
			}
			return l
		}
		first := newLink()
		t.Cleanup(func() { stopLink(t, first) })
		c := attach(t, first, sinkConn{})
		feed(t, c, stateChange(accept(ftd.CoreActive, instanceA, 9)))
		image, err := json.Marshal(first.Image())
		if err != nil {
			t.Fatal(err)
		}
		next := take(string(image))
		if c := attach(t, next, sinkConn{}); c.ctx.Err() == nil || c.fault().fault != LowerTerm || next.Status().Term != 9 {
			t.Errorf("a core of term 1 is used behind one of term 9")
		}
		if older := take(`{"Process":"p","Sessions":null}`); attach(t, older, sinkConn{}).ctx.Err() != nil {
			t.Error("an image without a term fences a core")
		}
		if newLink().Adopt(&Image{Term: -1}, nil) == nil {
			t.Error("a negative term was taken")
		}
	})
}

// TestARequestThatHoldMissed: a loop was reading its terminal when the link was held, and passes the request afterwards.
func TestARequestThatHoldMissed(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		s := openSession(t, l, k, 1, newTerminal())
		if err := l.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.Settled(); err != nil {
			t.Error(err)
		}
		header, body := business(3, 0, 1, "x")
		if why := s.Pass(header, body); why != reason.OK {
			t.Fatal(why)
		}
		s.Flush()
		if l.Settled() == nil {
			t.Error("a request on its way was not seen")
		}
		l.Release()
		s.Close(ftd.ReasonGone, "")
	})
}

// TestATerminalThatIsToLeaveIsHandedOver: the core has refused to resume its session, and the other process sends it away.
func TestATerminalThatIsToLeaveIsHandedOver(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		openSession(t, l, k, 1, newTerminal())
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 8))
		synctest.Wait()
		if err := l.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		image := l.Image()
		l.Release()

		seen := newCounts()
		o := testOptions(t, cores...)
		o.Process, o.Observer = image.Process, seen
		next, terminal := New(o), newTerminal()
		defer stopLink(t, next)
		if err := next.Adopt(&image, func(int32) core.Terminal { return terminal }); err != nil {
			t.Fatal(err)
		}
		if next.Session(1) == nil {
			t.Fatal("the other process does not know the session")
		}
		next.Start()
		time.Sleep(DefaultFailoverSpread)
		synctest.Wait()
		if got := terminal.left(); !slices.Equal(got, []reason.Close{reason.CoreChanged}) || of(seen, seen.exits, ExitCoreChanged) != 1 {
			t.Errorf("sent away by %v", got)
		}
	})
}

// FuzzImage: a link takes or refuses the image that another program gives it, and panics on none; what it has taken has the same image
// again once a core has resumed it, and ends with the core.
func FuzzImage(f *testing.F) {
	points := ftd.ResumePoints{Count: 1, Points: [ftd.MaxResumePoints]ftd.Point{{Series: 2, Number: 9}}}
	whole := Image{Process: uuid.NewString(), Term: 1, Sessions: []SessionImage{
		{ID: 1, Account: []byte("u1"), Record: uuid.New(), Asked: points, Delivered: points, Again: &points, GivenUp: []uint32{3}},
		{ID: 2, Account: []byte("u2"), PasswordOnly: true},
	}}
	for _, i := range []Image{whole, {}, {Sessions: []SessionImage{{ID: 1}, {ID: 1}}}, {Sessions: []SessionImage{{ID: 3, Asked: ftd.ResumePoints{Count: 9}}}}} {
		data, err := json.Marshal(i)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, resumeOK(1, 0))
	}
	_, body := business(3, 0, 1, "x")
	data, _ := json.Marshal(whole)
	f.Add(data, append(resumeOK(1, 0), toSession(1, body)...))
	f.Fuzz(func(t *testing.T, data, frames []byte) {
		var i Image
		if json.Unmarshal(data, &i) != nil || i.Process != "" && (uuid.Validate(i.Process) != nil || len(i.Process) > 36) {
			return // no Link has such a Process
		}
		o := testOptions(t)
		o.Logger, o.Endpoints, o.VerifyTimeout, o.Process = nil, []Endpoint{{Network: "tcp", Address: "a"}}, patience, i.Process
		l := New(o)
		defer stopLink(t, l)
		if l.Adopt(&i, func(int32) core.Terminal { return &wantBusiness{t: t} }) != nil {
			return
		}
		c := attach(t, l, sinkConn{})
		_, p := c.frames(frames)
		c.tell()
		for n := range i.Sessions {
			if s := l.Session(i.Sessions[n].ID); s != nil {
				s.Pass(ftd.Header{TID: 3, Chain: 'S', SequenceNumber: 7}, body)
				s.Flush()
			}
		}
		again := l.Image()
		other := New(o)
		defer stopLink(t, other)
		if err := other.Adopt(&again, func(int32) core.Terminal { return &wantBusiness{t: t} }); err != nil {
			t.Errorf("its own image: %v", err)
		}
		if p == nil {
			p = problemf(PeerClosed, "the test's end")
		}
		l.ended(l.endpoints[0], c, p)
		for n := range i.Sessions {
			if s := l.Session(i.Sessions[n].ID); s != nil {
				s.Close(ftd.ReasonGone, "")
			}
		}
	})
}
