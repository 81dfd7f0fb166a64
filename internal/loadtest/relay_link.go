package loadtest

import (
	"math/rand/v2"
	"time"

	"github.com/tradefront/tradefront/client"
)

// Pauses of an operator relay after an answer that says "later" (docs/relay.md): longer each time, with a random share.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 5 * time.Second
)

// relayLink is what the connection of an operator relay may send: what RelayTerms allow, and nothing in a pause.
type relayLink struct {
	window, unanswered int
	interval           time.Duration // between two submissions in the long run
	burst              time.Duration // intervals that may be ahead
	full               time.Duration // when the bucket is full again
	pause, until       time.Duration // how long the last pause was; its end
	round              uint32        // counts pauses
}

func newRelayLink(terms client.RelayTerms) *relayLink {
	interval := time.Second / time.Duration(terms.Rate)
	return &relayLink{window: terms.Window, interval: interval, burst: interval * time.Duration(terms.Burst-1)}
}

// free is when the next submission may go. While the window is full that is never: an answer must come first.
func (l *relayLink) free(now time.Duration) time.Duration {
	if l.unanswered >= l.window {
		return never
	}
	return max(l.until, l.full-l.burst, now)
}

func (l *relayLink) sent(now time.Duration) {
	l.full = max(l.full, now) + l.interval
	l.unanswered++
}

// accepted makes pauses short again where most submissions are accepted.
func (l *relayLink) accepted() { l.pause -= l.pause / 8 }

// refused begins a pause. All that was sent before it make it no longer.
func (l *relayLink) refused(round uint32, now time.Duration, random *rand.Rand) {
	if round != l.round {
		return
	}
	l.round++
	l.pause = min(max(2*l.pause, shortestPause), longestPause)
	l.until = now + l.pause/2 + time.Duration(random.Int64N(int64(l.pause/2)+1))
}
