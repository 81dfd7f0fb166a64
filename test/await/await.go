// Package await is how a test waits for what another goroutine or process does without a signal:
// it looks again and again until a deadline. What can be waited for otherwise (a channel, a call that returns,
// a synctest bubble) is not polled.
package await

import (
	"testing"
	"time"
)

// patience is how long a condition may take on a busy machine.
const patience = time.Minute

// True returns when so does, and fails the test when it does not within a minute; what says
// what was waited for. so is called by this goroutine alone.
func True(t testing.TB, what string, so func() bool) {
	t.Helper()
	Every(t, 5*time.Millisecond, what, so)
}

// Every is True for a look that costs something: it leaves that period between two of them.
func Every(t testing.TB, period time.Duration, what string, so func() bool) {
	t.Helper()
	poll := time.NewTicker(period)
	defer poll.Stop()
	for deadline := time.Now().Add(patience); !so(); <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
