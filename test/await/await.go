// Package await is how a test waits for what another goroutine or process does without a signal:
// it looks again and again until a deadline. What can be waited for otherwise (a channel, a call that returns,
// a synctest bubble) is not polled.
package await

import (
	"testing"
	"time"
)

const (
	// patience is how long a condition may take on a busy machine.
	patience = time.Minute
	// rarely is the longest time that True and Every leave between two looks, unless a caller asks for a longer one.
	rarely = 100 * time.Millisecond
)

// True returns when so does, and fails the test when it does not within a minute; what says
// what was waited for. so is called by this goroutine alone.
func True(t testing.TB, what string, so func() bool) {
	t.Helper()
	Every(t, 5*time.Millisecond, what, so)
}

// Every is True for a look that costs something: it leaves that period at least between two of them. Where it has waited for
// longer it looks less often, up to rarely: a look may be a connection, a login or a program that is started.
func Every(t testing.TB, period time.Duration, what string, so func() bool) {
	t.Helper()
	Within(t, patience, period, what, so)
}

// Within is Every with another limit than a minute.
func Within(t testing.TB, limit, period time.Duration, what string, so func() bool) {
	t.Helper()
	for begin := time.Now(); !so(); {
		waited := time.Since(begin)
		if waited > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		<-time.After(max(period, min(waited/8, rarely)))
	}
}
