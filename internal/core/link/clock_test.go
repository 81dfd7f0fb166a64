package link

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// TestNoStepOfTheClockMovesTheLink: the machine's clock is set forward by more than three heartbeats, and back by an hour. A core that lives is
// kept, it gets its heartbeats in time, and one that is frozen is found in time.
func TestNoStepOfTheClockMovesTheLink(t *testing.T) {
	var step atomic.Int64
	wall := func(o *Options) {
		o.Now = func() time.Time { return time.Now().Round(0).Add(time.Duration(step.Load())) } // without the monotonic clock, as one that was set
	}
	inBubble(t, 1, wall, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		const heartbeat = 5 * time.Second
		for _, by := range []time.Duration{20 * time.Second, -time.Hour} {
			step.Add(int64(by))
			began := time.Now()
			for i := range 3 {
				k.send(ftd.AppendHeartbeat(nil))
				select {
				case at := <-k.beats:
					if at.Sub(began) > time.Duration(i+1)*heartbeat {
						t.Errorf("%v: heartbeat %d after %v", by, i, at.Sub(began))
					}
				case <-k.over:
					t.Fatalf("%v: the link ended: %v", by, l.Status().Endpoints[0].LastFaultText)
				case <-time.After(time.Minute):
					t.Fatalf("%v: no heartbeat", by)
				}
			}
		}
		frozen := time.Now()
		<-k.over
		if took := time.Since(frozen); took > silentHeartbeats*heartbeat {
			t.Errorf("a frozen core was left after %v", took)
		}
	})
}

// TestACoreThatChangesItsDayASecondEarly: it is used again as soon as the calendar has that day too, however seldom its heartbeats are, and no
// terminal is sent away.
func TestACoreThatChangesItsDayASecondEarly(t *testing.T) {
	var began time.Time
	turns := func(o *Options) {
		began = time.Now()
		o.TradingDay = dayThatTurns(began.Add(time.Minute))
	}
	inBubble(t, 1, turns, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		a.HeartbeatSeconds = 60
		k.greet(a)
		synctest.Wait()
		terminal := newTerminal()
		openSession(t, l, k, 1, terminal)
		time.Sleep(time.Minute - time.Since(began) - time.Second)
		a.TradingDay = []byte("20261201")
		k.send(stateChange(a))
		k.next(ftd.TIDSessionResume)
		if late := time.Since(began) - time.Minute; late > dayPeriod {
			t.Errorf("the core is used %v after the calendar had its day", late)
		}
		k.send(resumeOK(1, 0))
		k.alive(time.Minute)
		if left := terminal.left(); len(left) != 0 {
			t.Errorf("the terminal was sent away: %v", left)
		}
	})
}

// TestACoreThatKeepsYesterdaysDay: it stays in use, and status and log say so, once.
func TestACoreThatKeepsYesterdaysDay(t *testing.T) {
	logged, logs := observer.New(zap.WarnLevel)
	turns := func(o *Options) {
		o.TradingDay = dayThatTurns(time.Now().Add(time.Minute))
		o.Logger = zap.New(logged)
	}
	inBubble(t, 1, turns, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		a := accept(ftd.CoreActive, instanceA, 1)
		k.greet(a)
		synctest.Wait()
		alarm := func() (Alarm, bool) { s := l.Status(); return s.Endpoints[0].Alarm, s.Ready() }
		if got, ready := alarm(); got != "" || !ready || logs.Len() != 0 {
			t.Fatalf("on the same day: alarm %q, ready %v", got, ready)
		}
		k.alive(2 * time.Minute)
		if got, ready := alarm(); got != AlarmOutdated || !ready {
			t.Errorf("on the day before: alarm %q, ready %v", got, ready)
		}
		if logs.FilterMessageSnippet("another trading day").Len() != 1 {
			t.Errorf("logged are %v", logs.All())
		}
		a.TradingDay = []byte("20261201")
		k.send(stateChange(a))
		synctest.Wait()
		if got, ready := alarm(); got != "" || !ready {
			t.Errorf("after its change: alarm %q, ready %v", got, ready)
		}
	})
}

// dayThatTurns is a calendar whose day is the next one from then on.
func dayThatTurns(at time.Time) func() calendar.TradingDay {
	return func() calendar.TradingDay {
		if time.Now().Before(at) {
			return testDay
		}
		return 20261201
	}
}

// TestAShorterHeartbeatIsNotPutOff: a core says that it wants a heartbeat each second while the timer, by what it found a moment before,
// is about to be set to the end of the greeting. The first heartbeat comes after a second, before the core takes the front for dead.
func TestAShorterHeartbeatIsNotPutOff(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreStandby, instanceA, 1))
		synctest.Wait()
		l.mu.Lock()
		c := l.endpoints[0].conn
		l.mu.Unlock()
		sooner := accept(ftd.CoreActive, instanceA, 1)
		sooner.HeartbeatSeconds = 1
		began := time.Now()
		c.look(func() time.Duration {
			k.send(stateChange(sooner))
			synctest.Wait() // the front has taken it
			return greetTimeout
		})
		select {
		case at := <-k.beats:
			if at.Sub(began) > time.Second {
				t.Errorf("the first heartbeat came after %v", at.Sub(began))
			}
		case <-k.over:
			t.Error("the link ended, and no heartbeat came")
		}
	})
}
