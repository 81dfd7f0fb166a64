package local

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

func TestAccountLock(t *testing.T) {
	h := newHouse(t, nil)
	h.fail(5, alice, home)
	h.want("right, while locked", h.try(alice, "right", home), reason.AccountLocked)
	h.want("another account there", h.try(bob, "right", home), 0)
	h.want("a stranger cannot lock a customer out", h.try(alice, "right", elsewhere), 0)
	h.want("still locked: that success was elsewhere", h.try(alice, "right", home), reason.AccountLocked)
	if s := h.Stats(); s.AccountsLocked != 1 || s.SourcesLocked != 0 {
		t.Errorf("%+v", s)
	}
}

// What is refused as locked does not extend the lock; one failure is forgotten at a time.
func TestLockDecays(t *testing.T) {
	h := newHouse(t, nil)
	h.fail(5, alice, home)
	for range 9 {
		h.clock.move(time.Minute)
		h.want("locked", h.try(alice, "wrong", home), reason.AccountLocked)
	}
	h.clock.move(time.Minute - 1)
	h.want("locked to the last moment", h.try(alice, "wrong", home), reason.AccountLocked)
	h.clock.move(1)
	h.fail(1, alice, home)
	h.want("one failure was forgotten, not five", h.try(alice, "right", home), reason.AccountLocked)
	h.clock.move(50 * time.Minute)
	h.fail(5, alice, home)
	h.want("all were forgotten, then five more", h.try(alice, "right", home), reason.AccountLocked)
	h.clock.move(10 * time.Minute)
	h.want("right", h.try(alice, "right", home), 0)
	h.fail(5, alice, home)
}

func TestSuccessResets(t *testing.T) {
	for _, name := range []string{"evaluated", "remembered"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			if name == "remembered" {
				h.want("first", h.try(alice, "right", home), 0)
			}
			h.fail(4, alice, home)
			h.want("right", h.try(alice, "right", home), 0)
			h.fail(5, alice, home)
			h.want("locked", h.try(alice, "right", home), reason.AccountLocked)
		})
	}
}

func TestUnknownAccountsLockLikeKnownOnes(t *testing.T) {
	h := newHouse(t, nil)
	for range 5 {
		h.want("unknown", h.try("77777777", "wrong", home), reason.UnknownAccount)
	}
	h.want("unknown, locked", h.try("77777777", "wrong", home), reason.AccountLocked)
}

func TestSourceLock(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 8 })
	for i := range 8 {
		h.want("unknown", h.try(regulation.Account(fmt.Sprint("9", i)), "guess", home), reason.UnknownAccount)
	}
	h.want("any account there", h.try(alice, "right", home), reason.SourceLocked)
	h.want("elsewhere", h.try(alice, "right", elsewhere), 0)
	if s := h.Stats(); s.AccountsLocked != 0 || s.SourcesLocked != 1 {
		t.Errorf("%+v", s)
	}
	h.clock.move(10 * time.Minute)
	h.want("one failure was forgotten", h.try(alice, "right", home), 0)
	h.fail(1, bob, home)
	h.want("a success does not empty the source's bucket", h.try(alice, "right", home), reason.SourceLocked)
}

func TestSourcesThatCountTogether(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		together   bool
	}{
		{"the same /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"the next /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"a mapped address is the IPv4 address", "203.0.113.7", "::ffff:203.0.113.7", true},
		{"IPv4 neighbours", "203.0.113.7", "203.0.113.8", false},
		{"mapped neighbours", "::ffff:203.0.113.7", "::ffff:203.0.113.8", false},
		{"a zone changes nothing", "fe80::1%eth0", "fe80::2%eth1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.fail(5, alice, netip.MustParseAddr(tt.a))
			want := reason.OK
			if tt.together {
				want = reason.AccountLocked
			}
			h.want(tt.b, h.try(alice, "right", netip.MustParseAddr(tt.b)), want)
		})
	}
}

func TestOperatorUnlocks(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 15 })
	h.fail(5, alice, home)
	h.fail(5, alice, elsewhere)
	h.fail(5, bob, home)
	rows := h.source.accounts
	h.source.set(rows...)
	h.refresh()
	h.want("a refresh alone lifts nothing", h.try(alice, "right", home), reason.AccountLocked)
	unlocked := rows[0]
	unlocked.Unlocked = h.clock.now()
	h.source.set(unlocked, rows[1])
	h.refresh()
	h.want("unlocked", h.try(alice, "right", home), 0)
	h.want("unlocked at every source", h.try(alice, "right", elsewhere), 0)
	h.want("bob is not", h.try(bob, "right", home), reason.AccountLocked)
	h.fail(5, alice, home)
	h.source.set(unlocked, rows[1])
	h.refresh()
	h.want("the same unlocking does not count twice", h.try(alice, "right", home), reason.SourceLocked)
}

// However many attempts run at once, no more wrong guesses are evaluated than the bucket
// has room for; and who is turned away without one is told "busy", not "locked".
func TestParallelGuesses(t *testing.T) {
	for range 20 {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue = 64, 1000 })
		reasons := make(chan reason.Reason, 200)
		var guessers sync.WaitGroup
		for i := range cap(reasons) {
			guessers.Go(func() { reasons <- h.try(alice, fmt.Sprint("guess", i), home) })
		}
		guessers.Wait()
		close(reasons)
		count := make(map[reason.Reason]int)
		for r := range reasons {
			count[r]++
		}
		if count[reason.WrongPassword] != 5 || count[reason.WrongPassword]+count[reason.Overloaded]+count[reason.AccountLocked] != cap(reasons) {
			t.Fatalf("outcomes %v, want exactly 5 evaluated", count)
		}
		for i := range h.locks.direct.accounts {
			if len(h.locks.direct.accounts[i].inFlight) != 0 || len(h.locks.direct.sources[i].inFlight) != 0 {
				t.Fatal("a reservation was not given back")
			}
		}
	}
}

// Reserved room is room taken: the attempt after it is told to come again, and what was
// reserved comes back whole with a success.
func TestReserve(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)
	l := newLocks(2, 3, time.Minute)
	a, b := originOf(alice, home), originOf(bob, home)
	for i, step := range []struct {
		origin origin
		want   reason.Reason
	}{{a, 0}, {a, 0}, {a, reason.Overloaded}, {b, 0}, {b, reason.Overloaded}} { // 2 of a, 3 of the source
		if got := l.reserve(&step.origin, now); got != step.want {
			t.Fatalf("step %d: %v, want %v", i, got, step.want)
		}
	}
	l.settle(&a, true, now)
	if got := l.reserve(&a, now); got != 0 {
		t.Fatalf("after a success: %v", got)
	}
	l.settle(&a, false, now)
	l.settle(&a, false, now)
	if got := l.reserve(&a, now); got != reason.AccountLocked {
		t.Fatalf("after two failures: %v", got)
	}
	l.settle(&b, false, now)
	if got := l.reserve(&b, now); got != reason.SourceLocked {
		t.Fatalf("after three failures of the source: %v", got)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)
	b := newBuckets[int](1, time.Minute)
	for k := range MaxBuckets + 10 {
		b.fail(k, 1, now)
	}
	if got := b.countFull(now); got != MaxBuckets {
		t.Fatalf("%d buckets, want %d", got, MaxBuckets)
	}
	if b.full(9, 1, now) || !b.full(10, 1, now) {
		t.Fatal("it is not the oldest that was forgotten")
	}
}

func TestClockGoesBack(t *testing.T) {
	h := newHouse(t, nil)
	h.fail(5, alice, home)
	h.clock.move(-24 * time.Hour)
	h.want("locked", h.try(alice, "right", home), reason.AccountLocked)
	h.clock.move(10 * time.Minute)
	h.want("the decay runs from the new time", h.try(alice, "right", home), 0)
}

// The bucket against a model that is as plain as can be: a list of the instants at which
// each failure will be forgotten.
func TestBucketModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const decay = 10 * time.Second
		now := time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)
		b := newBuckets[string](5, decay)
		var forgotten []time.Time
		t.Repeat(map[string]func(*rapid.T){
			"fail": func(*rapid.T) {
				if len(forgotten) >= 5 {
					return // locked attempts are not evaluated
				}
				last := now
				if n := len(forgotten); n > 0 {
					last = forgotten[n-1]
				}
				forgotten = append(forgotten, last.Add(decay))
				b.fail("k", 1, now)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 25).Draw(t, "seconds")) * time.Second)
				for len(forgotten) > 0 && !now.Before(forgotten[0]) {
					forgotten = forgotten[1:]
				}
			},
			"": func(t *rapid.T) {
				if got := b.level("k", 1, now); got != len(forgotten) {
					t.Fatalf("level %d, want %d", got, len(forgotten))
				}
			},
		})
	})
}
