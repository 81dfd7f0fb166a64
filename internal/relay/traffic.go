package relay

import (
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
)

// guesses is how many wrong passwords may come through one relay: a relay that tries passwords, or one behind which
// an attacker does, is stopped as a whole, for the addresses that it tells may be invented.
var guesses = rate.Limit{PerSecond: 10, Burst: GuessesPerMinute}

// GuessesPerMinute is how many wrong passwords may come through one relay in a minute.
const GuessesPerMinute = 600

// Traffic is what one relay does at this front, over all its connections. It outlives the Permission that it is held to.
type Traffic struct {
	now func() time.Time

	mu          sync.Mutex
	buckets     *rate.Buckets[bucket]
	connections int
}

// bucket is which of a relay's buckets is meant.
type bucket byte

const (
	submissions bucket = iota
	passwords
)

func newTraffic(now func() time.Time) *Traffic {
	return &Traffic{now: now, buckets: rate.New[bucket](2)}
}

// Take counts a submission, or a relayed login, and reports whether the relay may send it now.
func (r *Relay) Take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buckets.Take(submissions, rate.Limit{PerSecond: r.Rate, Burst: r.Burst}, r.now())
}

// MayGuess reports whether the password of one more login through the relay may be looked at.
func (t *Traffic) MayGuess() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buckets.Has(passwords, guesses, t.now())
}

// Guessing reports whether the budget of wrong passwords is used up: no login through the relay has its password looked at.
func (t *Traffic) Guessing() bool { return !t.MayGuess() }

// Guessed counts a wrong password. Those that were on their way when the budget was used up are not counted beyond it:
// they are as many as the queue of passwords holds.
func (t *Traffic) Guessed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buckets.Take(passwords, guesses, t.now())
}

// Connect counts a connection of the relay, unless it has as many as it may. Disconnect must follow.
func (r *Relay) Connect() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.connections >= r.Connections {
		return false
	}
	r.connections++
	return true
}

// Disconnect takes out a connection that Connect counted.
func (t *Traffic) Disconnect() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.connections--
}

// Connected is how many connections the relay has at this front.
func (t *Traffic) Connected() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.connections
}
