package loadtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/population"
)

// engineOf is one without sockets.
func engineOf(p *Plan) *engine {
	return &engine{
		plan: p, start: time.Now(), measured: newRecorder(), strings: newStock(p, &Ciphertexts{room: 1}), visitCount: p.share(p.Visits), returning: -1,
		random: rand.New(rand.NewPCG(1, 1)), epoll: -1, timer: -1,
	}
}

// TestASecondOfTheResultIsASecond: a generator that did not run for five has five lines of it, and the next one begins where it did.
func TestASecondOfTheResultIsASecond(t *testing.T) {
	t.Parallel()
	e := engineOf(&Plan{Scenario: Churn, Visits: 1, Patience: time.Second})
	e.open = 3
	e.measured.begins(0, e.open)
	e.now = 5300 * time.Millisecond
	e.look()
	e.now = 5900 * time.Millisecond
	e.look()
	if s := e.measured.r.Seconds; len(s) != 5 || s[0].Begun != 0 || s[4].Begun != 1 || s[3].Open != 3 || e.ticked != 5*time.Second {
		t.Errorf("%+v, the next begins at %v", s, e.ticked)
	}
}

// TestWhereNoSessionStaysAnAccountReturns: --first may be more than there are accounts.
func TestWhereNoSessionStaysAnAccountReturns(t *testing.T) {
	t.Parallel()
	e := engineOf(&Plan{Scenario: Steady, Visits: 1, First: 25, People: &population.Population{Accounts: 10}})
	if e.leaveOne(); e.returning != 5 {
		t.Errorf("account %d of 10 returns", e.returning)
	}
}

// TestFullRateIsMeasuredFromTheEndOfTheRamp: by which visits were due there, in each of several generators.
func TestFullRateIsMeasuredFromTheEndOfTheRamp(t *testing.T) {
	t.Parallel()
	planned, rate := 0, 0.0
	for g := range 3 {
		e := engineOf(&Plan{
			Scenario: Churn, Visits: 1000, Rate: 100, Ramp: 2 * time.Second, Generator: g, Generators: 3, People: &population.Population{Accounts: 1},
		})
		e.measure(e.visitCount)
		start := e.measured.start
		for i := range e.visitCount {
			due := e.due(i)
			e.now = start + due + time.Millisecond
			e.measured.loggedIn(time.Millisecond, time.Millisecond)
		}
		f := e.measured.r.Full
		if f == nil || f.LoggedIn != f.Planned || f.UntilS < 10.9 || f.UntilS > 11 {
			t.Fatalf("generator %d: %+v", g, f)
		}
		planned, rate = planned+f.Planned, rate+f.Rate
	}
	if planned != 900 || rate < 99.999 || rate > 100.001 { // a hundred are due during the ramp
		t.Errorf("%d visits at %v a second", planned, rate)
	}
	closed := engineOf(&Plan{Scenario: Churn, Visits: 10, Concurrency: 1})
	if closed.measure(10); closed.measured.r.Full != nil {
		t.Error("a closed loop has no rate")
	}
	early := engineOf(&Plan{Scenario: Churn, Visits: 10, Rate: 1})
	if early.measure(10); early.measured.outcome(early.plan, "interrupted").Full != nil {
		t.Error("a run that ended early did not come to its rate")
	}
}
