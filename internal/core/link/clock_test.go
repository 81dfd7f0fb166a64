package link

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
