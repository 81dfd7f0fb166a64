package client

import (
	"math/rand/v2"
	"time"
)

// pace is a token bucket: how many submissions may go, and when the next.
type pace struct {
	rate, burst float64
	tokens      float64
	at          time.Time // when tokens was right
}

// set takes over other bounds. A bucket that is not new is not filled by it.
func (p *pace) set(rate, burst int, now time.Time) {
	fresh := p.rate == 0
	p.refill(now)
	p.rate, p.burst = float64(rate), float64(burst)
	if p.tokens = min(p.tokens, p.burst); fresh {
		p.tokens = p.burst
	}
}

func (p *pace) refill(now time.Time) {
	if passed := now.Sub(p.at); passed > 0 {
		p.tokens = min(p.tokens+passed.Seconds()*p.rate, p.burst)
		p.at = now
	}
}

// take takes a token, or tells how long it is until there is one.
func (p *pace) take(now time.Time) (wait time.Duration) {
	p.refill(now)
	if p.tokens >= 1 {
		p.tokens--
		return 0
	}
	return max(time.Duration((1-p.tokens)/p.rate*float64(time.Second)), time.Millisecond)
}

// Pauses after a refusal that says "later".
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 5 * time.Second
)

// pause is the back-off of a Relay whose front answers 90: of all submissions, since what is short is the front's or the
// whole relay's. All that was sent before a pause makes it longer once.
type pause struct {
	round uint32 // counts pauses
	next  time.Duration
	until time.Time
}

func (p *pause) refused(round uint32, now time.Time) {
	if round != p.round {
		return // sent before the pause that there was already
	}
	p.round++
	p.next = min(max(2*p.next, shortestPause), longestPause)
	p.until = now.Add(jitter(p.next))
}

// accepted is the answer 0. Where most are accepted pauses become short again, though some are refused.
func (p *pause) accepted() { p.next -= p.next / 8 }

// jitter is between half of d and d.
func jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1)) //nolint:gosec // spreads retries, guards nothing
}
