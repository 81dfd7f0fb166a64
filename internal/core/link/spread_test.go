package link

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// crowd is many sessions of one core.
type crowd struct {
	sessions  []core.Session
	terminals []*fakeTerminal
}

// newCrowd opens n sessions, the first of which has ID 0.
func newCrowd(t *testing.T, l *Link, k *coreConn, n int32) *crowd {
	c := &crowd{}
	for id := range n {
		terminal := newTerminal()
		c.sessions, c.terminals = append(c.sessions, openSession(t, l, k, id, terminal)), append(c.terminals, terminal)
	}
	return c
}

// left counts the terminals that were sent away because the core changed, by the third of spread, which begins at began, in which they were.
func (c *crowd) left(t *testing.T, began time.Time, spread time.Duration) (thirds [3]int, all int) {
	t.Helper()
	for i, terminal := range c.terminals {
		got := terminal.left()
		if len(got) == 0 {
			continue
		}
		if !slices.Equal(got, []reason.Close{reason.CoreChanged}) {
			t.Fatalf("terminal %d left by %v", i, got)
		}
		after := terminal.exitedAt.Sub(began)
		if after < 0 || after > spread {
			t.Fatalf("terminal %d was sent away after %v", i, after)
		}
		thirds[min(after*3/spread, 2)]++
		all++
	}
	return thirds, all
}

// withCrowd runs a test with n sessions at the first of two cores.
func withCrowd(t *testing.T, n int32, seen *counts, change func(o *Options), run func(t *testing.T, l *Link, cores []*fakeCore, k *coreConn, c *crowd)) {
	inBubble(t, 2, func(o *Options) {
		o.Observer, o.MaxSessions, o.Logger = seen, int(n), nil
		change(o)
	}, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		run(t, l, cores, k, newCrowd(t, l, k, n))
	})
}

// TestUnansweredSessionsLeaveOverTheWholeSpread: few as they are.
func TestUnansweredSessionsLeaveOverTheWholeSpread(t *testing.T) {
	const n = 90
	seen := newCounts()
	withCrowd(t, n, seen, func(*Options) {}, func(t *testing.T, _ *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		began := time.Now().Add(DefaultVerifyTimeout)
		k.alive(DefaultVerifyTimeout + DefaultFailoverSpread + time.Second)
		thirds, all := c.left(t, began, DefaultFailoverSpread)
		if all != n || slices.Min(thirds[:]) < n/3-2 || of(seen, seen.resumes, ResumeUnanswered) != n {
			t.Errorf("%d terminals were sent away, in thirds of the time %v", all, thirds)
		}
	})
}

// TestRefusedSessionsLeaveOverTheWholeSpread: few as they are.
func TestRefusedSessionsLeaveOverTheWholeSpread(t *testing.T) {
	const n = 90
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.Random = &counting{} }, func(t *testing.T, _ *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		k.send(stateChange(accept(ftd.CoreActive, instanceB, 2)))
		began := time.Now()
		for id := range int32(n) {
			k.next(ftd.TIDSessionResume)
			k.send(resumeOK(id, 8))
		}
		k.alive(DefaultFailoverSpread + time.Second)
		thirds, all := c.left(t, began, DefaultFailoverSpread)
		if all != n || slices.Min(thirds[:]) < n/3-2 || of(seen, seen.resumes, ResumeRefused) != n {
			t.Errorf("%d terminals were sent away, in thirds of the time %v", all, thirds)
		}
	})
}

// TestUntoldRelaysLeaveOverTheWholeSpread: the core read too slowly to learn of their visits.
func TestUntoldRelaysLeaveOverTheWholeSpread(t *testing.T) {
	const n = 90
	seen := newCounts()
	withCrowd(t, n, seen, func(o *Options) { o.Random = &counting{} }, func(t *testing.T, l *Link, _ []*fakeCore, k *coreConn, c *crowd) {
		began := time.Now()
		for _, s := range c.sessions {
			l.leaveUntold(s.(*session), l.tenure.Load())
		}
		k.alive(DefaultFailoverSpread + time.Second)
		thirds, all := c.left(t, began, DefaultFailoverSpread)
		if all != n || slices.Min(thirds[:]) < n/3-2 || of(seen, seen.resumes, ResumeUnanswered) != n {
			t.Errorf("%d terminals were sent away, in thirds of the time %v", all, thirds)
		}
	})
}

// counting draws numbers that are spread evenly, so that no test of moments passes or fails by chance.
type counting struct{ n atomic.Uint64 }

func (c *counting) Uint64() uint64 { return c.n.Add(0x9E3779B97F4A7C15) }
