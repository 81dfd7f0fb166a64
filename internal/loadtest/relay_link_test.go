package loadtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
)

// TestRelayLink: the window, the burst, the rate and the pauses bound what is sent.
func TestRelayLink(t *testing.T) {
	l := newRelayLink(client.RelayTerms{Window: 4, Rate: 10, Burst: 3})
	now := time.Hour
	for i := range 3 {
		if at := l.free(now); at != now {
			t.Fatalf("submission %d of the burst may go at %v, want %v", i, at, now)
		}
		l.sent(now)
	}
	if at := l.free(now); at != now+100*time.Millisecond {
		t.Errorf("behind the burst: %v", at-now)
	}
	now += 100 * time.Millisecond
	l.sent(now)
	if at := l.free(now + time.Hour); at != never {
		t.Errorf("a full window has room at %v", at)
	}
	l.unanswered = 0
	now += time.Minute
	random, last := rand.New(rand.NewPCG(1, 1)), time.Duration(0)
	for i := range 12 {
		round := l.round
		l.refused(round, now, random)
		pause := l.free(now) - now
		if want := min(shortestPause<<i, longestPause); pause < want/2 || pause > want {
			t.Errorf("pause %d is %v, want half to all of %v", i, pause, want)
		}
		if l.refused(round, now+time.Second, random); l.free(now)-now != pause {
			t.Errorf("one that was sent before pause %d changed it", i)
		}
		last = l.pause
	}
	if l.accepted(); l.pause >= last {
		t.Error("an accepted submission does not make pauses shorter")
	}
}
