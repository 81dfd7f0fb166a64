package link

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestASlowCoreResumesAll: a core that answers one SessionResume after the other gets no more of them than it can answer in verify_timeout,
// and all within the grace.
func TestASlowCoreResumesAll(t *testing.T) {
	const n, perSecond = 1200, 200
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.VerifyTimeout = time.Second }, func(t *testing.T, l *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for id := range int32(n) {
			if g := k.next(ftd.TIDSessionResume); g.tag.SessionID != id {
				t.Fatalf("session %d is resumed, want %d", g.tag.SessionID, id)
			}
			time.Sleep(time.Second / perSecond)
			if most := len(k.frames); most > perSecond/2 {
				t.Fatalf("%d wait at the core behind session %d", most, id)
			}
			k.send(resumeOK(id, 0))
		}
		synctest.Wait()
		if got := of(seen, seen.resumes, Resumed); got != n || seen.discarded(LateResume) != 0 || l.Status().Waiting != 0 {
			t.Errorf("%d of %d sessions are resumed; status is %+v", got, n, l.Status())
		}
		k.alive(DefaultGrace + DefaultFailoverSpread)
		if _, all := c.left(t, time.Time{}, 0); all != 0 {
			t.Errorf("%d terminals were sent away", all)
		}
	})
}

// TestACoreThatBeginsLateIsNotFlooded: it answers none at first, and then one after the other. That the first answers took long is not taken
// for what each takes it.
func TestACoreThatBeginsLateIsNotFlooded(t *testing.T) {
	const n, begins, takes = 100, 1400 * time.Millisecond, 100 * time.Millisecond
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.Grace = time.Minute }, func(t *testing.T, _ *Link, _ []*fakeCore, k *coreConn, _ *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		time.Sleep(begins)
		for range n {
			g := k.next(ftd.TIDSessionResume)
			time.Sleep(takes)
			k.send(resumeOK(g.tag.SessionID, 0))
		}
		synctest.Wait()
		if got := of(seen, seen.resumes, Resumed); got < n-firstResumes/4 { // the last of the first may be late
			t.Errorf("%d of %d sessions are resumed, %d in vain", got, n, seen.discarded(LateResume))
		}
	})
}

// TestACoreThatAnswersManyAtATimeIsNotHeldUp: each answer takes long, and many are under way: what may be without an answer grows.
func TestACoreThatAnswersManyAtATimeIsNotHeldUp(t *testing.T) {
	for _, takes := range []time.Duration{DefaultVerifyTimeout / 15, DefaultVerifyTimeout / 3, DefaultVerifyTimeout * 2 / 3} {
		t.Run(takes.String(), func(t *testing.T) { answersManyAtATime(t, takes) })
	}
}

func answersManyAtATime(t *testing.T, takes time.Duration) {
	const n = 2000
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.Grace = time.Minute }, func(t *testing.T, l *Link, _ []*fakeCore, k *coreConn, _ *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for rounds := 0; of(seen, seen.resumes, Resumed) < n; rounds++ {
			if rounds > 10 { // 16 are doubled in each
				t.Fatalf("%d of %d sessions are resumed after %v; status is %+v", of(seen, seen.resumes, Resumed), n, time.Duration(rounds)*takes, l.Status())
			}
			synctest.Wait()
			asked := len(k.frames)
			time.Sleep(takes)
			for range asked {
				k.send(resumeOK(k.next(ftd.TIDSessionResume).tag.SessionID, 0))
			}
			synctest.Wait()
		}
	})
}

// TestASilentCoreLosesAllAtOnce: one that answers no SessionResume within verify_timeout, as one of version 1, is asked no more; the terminals
// are sent away spread over the whole of failover_spread.
func TestASilentCoreLosesAllAtOnce(t *testing.T) {
	const n = 300
	seen := newCounts()
	withCrowd(t, n, seen, func(*Options) {}, func(t *testing.T, _ *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		began := time.Now().Add(DefaultVerifyTimeout)
		k.alive(DefaultVerifyTimeout + DefaultFailoverSpread + time.Second)
		thirds, all := c.left(t, began, DefaultFailoverSpread)
		if all != n || slices.Min(thirds[:]) < n/3-2 || of(seen, seen.resumes, ResumeUnanswered) != n || len(k.frames) != firstResumes {
			t.Errorf("%d terminals were sent away, in thirds of the time %v; the core was asked for %d", all, thirds, len(k.frames))
		}
	})
}

// TestACoreThatIsTooSlowLosesTheRest: what it has not resumed grace and verify_timeout after the loss is sent away, also what it was not asked for.
func TestACoreThatIsTooSlowLosesTheRest(t *testing.T) {
	const n = 300
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.FailoverSpread = -1 }, func(t *testing.T, _ *Link, cores []*fakeCore, k *coreConn, c *crowd) {
		lost := time.Now()
		k.Close()
		k = cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceB, 2))
		resumed := 0
		for time.Since(lost) < DefaultGrace+DefaultVerifyTimeout-time.Second {
			g := k.next(ftd.TIDSessionResume)
			time.Sleep(100 * time.Millisecond)
			k.send(resumeOK(g.tag.SessionID, 0))
			resumed++
		}
		synctest.Wait()
		if _, all := c.left(t, time.Time{}, 1<<62); all != 0 {
			t.Errorf("%d terminals were sent away before", all)
		}
		time.Sleep(time.Second + longestBackoff)
		synctest.Wait()
		_, all := c.left(t, lost.Add(DefaultGrace+DefaultVerifyTimeout-time.Millisecond), 2*time.Millisecond)
		if all != n-resumed || of(seen, seen.resumes, Resumed) != resumed || of(seen, seen.resumes, ResumeUnanswered) != all {
			t.Errorf("%d of %d terminals were sent away, %d sessions resumed", all, n, resumed)
		}
	})
}

// TestAnotherCoreGoesOnWithTheResumes: the next core is asked for each session once, whether the one before was asked for it or not, and
// an end of one that is asked for makes room for the next.
func TestAnotherCoreGoesOnWithTheResumes(t *testing.T) {
	const n, resumed = 100, 10
	seen := newCounts()
	withCrowd(t, n, seen, func(*Options) {}, func(t *testing.T, l *Link, cores []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for id := range int32(resumed) {
			k.next(ftd.TIDSessionResume)
			k.send(resumeOK(id, 0))
		}
		synctest.Wait()
		b := cores[1].accept()
		b.greet(accept(ftd.CoreActive, instanceA, 3))
		synctest.Wait()
		if len(b.frames) != firstResumes {
			t.Errorf("%d are asked for at once", len(b.frames))
		}
		asked, ended := map[int32]bool{}, 0
		for len(asked) < n || ended < n/2 {
			g := <-b.frames
			id := g.tag.SessionID
			switch {
			case g.header.TID == ftd.TIDSessionClose:
				ended++
			case g.header.TID != ftd.TIDSessionResume || asked[id]:
				t.Fatalf("%v of session %d", g.header.TID, id)
			default:
				if asked[id] = true; id%2 == 0 {
					b.send(resumeOK(id, 0))
				} else {
					c.sessions[id].Close(ftd.ReasonGone, "")
				}
			}
		}
		b.alive(DefaultGrace + DefaultVerifyTimeout)
		synctest.Wait()
		if s := l.Status(); s.Waiting != 0 || s.Sessions != n/2 || of(seen, seen.resumes, Resumed) != resumed+n/2 || len(b.frames) != 0 {
			t.Errorf("status is %+v, %d are resumed, %d frames came behind the last", s, of(seen, seen.resumes, Resumed), len(b.frames))
		}
	})
}

// TestACoreLearnsTheEndOfASessionThatItWasNotAskedFor: its terminal leaves while other sessions are resumed, by itself or sent away. The core may
// have had it over the connection before, and is told.
func TestACoreLearnsTheEndOfASessionThatItWasNotAskedFor(t *testing.T) {
	const n = 100
	t.Run("gone", func(t *testing.T) {
		withCrowd(t, n, newCounts(), func(*Options) {}, func(t *testing.T, _ *Link, cores []*fakeCore, k *coreConn, c *crowd) {
			k.Close()
			k = cores[0].accept()
			k.greet(accept(ftd.CoreActive, instanceA, 1))
			synctest.Wait()
			c.sessions[n-1].Close(ftd.ReasonGone, "")
			endsUnasked(t, k, n-1)
		})
	})
	t.Run("sent away", func(t *testing.T) {
		change := func(o *Options) { o.FailoverSpread = -1 }
		withCrowd(t, n, newCounts(), change, func(t *testing.T, _ *Link, cores []*fakeCore, k *coreConn, c *crowd) {
			k.Close()
			k = cores[0].accept()
			k.greet(accept(ftd.CoreActive, instanceA, 1))
			time.Sleep(DefaultVerifyTimeout + time.Second)
			synctest.Wait()
			if len(c.terminals[n-1].left()) != 1 {
				t.Fatal("the terminal was not sent away")
			}
			c.sessions[n-1].Close(ftd.ReasonKicked, "")
			endsUnasked(t, k, n-1)
		})
	})
}

// endsUnasked wants the end of a session behind the first SessionResumes.
func endsUnasked(t *testing.T, k *coreConn, id int32) {
	t.Helper()
	synctest.Wait()
	if len(k.frames) != firstResumes+1 {
		t.Fatalf("%d frames came", len(k.frames))
	}
	for range firstResumes {
		k.next(ftd.TIDSessionResume)
	}
	if g := k.next(ftd.TIDSessionClose); g.tag.SessionID != id {
		t.Errorf("session %d ends, want %d", g.tag.SessionID, id)
	}
}

// TestWhatWasLostFirstIsAskedForFirst: the core before had resumed the sessions with the low IDs when it was lost too, and the next answers one.
// The others are not kept waiting behind those, and leave as early as they are to.
func TestWhatWasLostFirstIsAskedForFirst(t *testing.T) {
	const n, resumed = 100, 40
	change := func(o *Options) { o.FailoverSpread = -1 }
	withCrowd(t, n, newCounts(), change, func(t *testing.T, _ *Link, cores []*fakeCore, k *coreConn, c *crowd) {
		b := cores[1].accept()
		b.greet(accept(ftd.CoreStandby, instanceB, 1))
		began := time.Now()
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for range resumed {
			k.send(resumeOK(k.next(ftd.TIDSessionResume).tag.SessionID, 0))
		}
		time.Sleep(time.Second)
		k.Close()
		b.alive(8 * time.Second)
		b.send(stateChange(accept(ftd.CoreActive, instanceA, 3)))
		for id := range int32(firstResumes) {
			if g := b.next(ftd.TIDSessionResume); g.tag.SessionID != resumed+id {
				t.Fatalf("session %d is asked for, want %d", g.tag.SessionID, resumed+id)
			}
		}
		b.send(resumeOK(resumed, 0))
		b.alive(DefaultGrace)
		synctest.Wait()
		for id := resumed + 1; id < n; id++ {
			terminal := c.terminals[id]
			if len(terminal.left()) != 1 {
				t.Fatalf("terminal %d was not sent away", id)
			}
			if after := terminal.exitedAt.Sub(began); after > DefaultGrace+DefaultVerifyTimeout+time.Millisecond {
				t.Fatalf("terminal %d was sent away after %v", id, after)
			}
		}
	})
}

// TestASessionThatIsListedLateIsAskedForAtOnce: the core has not answered for another, and there is room.
func TestASessionThatIsListedLateIsAskedForAtOnce(t *testing.T) {
	withCrowd(t, 2, newCounts(), func(*Options) {}, func(t *testing.T, l *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		for range c.sessions {
			k.next(ftd.TIDSessionResume)
		}
		k.send(resumeOK(1, 0))
		synctest.Wait()
		late := c.sessions[1].(*session)
		late.mu.Lock()
		late.state, late.tenure, late.listed, late.lost = waiting, nil, nil, time.Now() // as its connection's reader does
		late.mu.Unlock()
		l.mu.Lock()
		l.resumeWaiting(l.tenure.Load())
		l.mu.Unlock()
		synctest.Wait()
		if len(k.frames) != 1 || k.next(ftd.TIDSessionResume).tag.SessionID != 1 {
			t.Error("it is not asked for")
		}
	})
}

// TestRoomForResumes: answers within a quarter of verify_timeout make room, those that took more than half of it take some, and the end of a
// session does neither.
func TestRoomForResumes(t *testing.T) {
	r := newResumes(time.Second)
	if r.silent(time.Now().Add(time.Hour)) {
		t.Error("silent, and nothing was asked")
	}
	fill := func() (n int) {
		for ; r.room(); n++ {
			r.sent()
		}
		return n
	}
	if n := fill(); n != firstResumes {
		t.Errorf("%d at first", n)
	}
	for _, tt := range []struct {
		took time.Duration
		want int
	}{
		{0, 2}, {249 * time.Millisecond, 2}, {250 * time.Millisecond, 1}, {500 * time.Millisecond, 1}, {501 * time.Millisecond, 0}, {-1, 1}, {0, 2},
	} {
		silent := r.silent(time.Now().Add(time.Hour))
		r.landed(tt.took)
		if n := fill(); n != tt.want {
			t.Errorf("room for %d behind one of %v, want %d", n, tt.took, tt.want)
		}
		if silent != (tt.want == 2 && r.size == firstResumes+1 && tt.took == 0) {
			t.Errorf("silent before %v: %v", tt.took, silent)
		}
	}
	for range 100 {
		r.landed(time.Minute)
		fill()
		if r.flying == 0 {
			t.Fatal("no room for any")
		}
	}
}

// TestRoomBehindTheFastest: an answer that takes hardly longer than the fastest did makes room, but for one of over three quarters of
// verify_timeout.
func TestRoomBehindTheFastest(t *testing.T) {
	const ms = time.Millisecond
	r := newResumes(time.Second)
	want := firstResumes
	for _, tt := range []struct {
		took time.Duration
		more int
	}{
		{760 * ms, -1},
		{700 * ms, 1},
		{749 * ms, 1},
		{750 * ms, -1},
		{600 * ms, 1},
		{740 * ms, 1},
		{400 * ms, 1},
		{499 * ms, 1},
		{500 * ms, 0},
		{599 * ms, 0},
		{600 * ms, -1},
		{100 * ms, 1},
		{249 * ms, 1},
		{250 * ms, 0},
		{501 * ms, -1},
	} {
		r.sent()
		r.landed(tt.took)
		if want += tt.more; r.size != want {
			t.Fatalf("room for %d behind one of %v, want %d", r.size, tt.took, want)
		}
	}
}

// TestAResumeOverAnEndedConnection: the connection has ended and its tenure is not over yet. The session waits for the next.
func TestAResumeOverAnEndedConnection(t *testing.T) {
	o := testOptions(t)
	o.Logger, o.Endpoints = nil, []Endpoint{{Network: "tcp", Address: "a"}}
	l := New(o)
	t.Cleanup(func() { stopLink(t, l) })
	c := attach(t, l, sinkConn{})
	terminal := newTerminal()
	s := logIn(t, l, c, 1, terminal).(*session)
	s.state, s.tenure = waiting, nil
	c.out.close()
	if under, _ := l.current(); !l.sendResume(under, s) || s.stateNow() != waiting || under.resumes.flying != 0 {
		t.Errorf("the session is %v", s.stateNow())
	}
}
