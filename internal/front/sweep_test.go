package front

import (
	"testing"
	"time"
)

// TestAStallSparesOneRound: what terminals sent during a stall is read before their clocks are looked at; a loop that is always late
// looks at them too.
func TestAStallSparesOneRound(t *testing.T) {
	t.Parallel()
	l, now := new(loop), time.Now()
	after := func(pause time.Duration, parts int) (spared int) {
		for range parts {
			now = now.Add(pause)
			if l.spares(now) {
				spared++
			}
		}
		return spared
	}
	const usual = sweepPeriod / sweepParts
	if n := after(usual, 3*sweepParts) + after(maxStall, sweepParts); n != 0 {
		t.Errorf("%d parts were left out without a stall", n)
	}
	if n := after(100*time.Second, 1) + after(usual, 5*sweepParts); n != sweepParts {
		t.Errorf("after a stall %d parts were left out, want %d", n, sweepParts)
	}
	if n := after(2*maxStall, 10*sweepParts); n != 5*sweepParts {
		t.Errorf("%d of %d parts were left out by a loop that is always late", n, 10*sweepParts)
	}
}
