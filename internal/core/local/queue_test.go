package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/source"
)

// A stranger who fills the queue from one address with wrong passwords of many accounts: the
// honest login from elsewhere is let into the queue.
func TestStrangerDoesNotHoldTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue = 1, 10 })
		h.queue.acquire(t.Context(), at(elsewhere)) // the stranger's first is being evaluated
		var strangers sync.WaitGroup
		var refusals [10]reason.Reason
		for i := range refusals {
			strangers.Go(func() { refusals[i] = h.try(regulation.Account(fmt.Sprint("9", i)), "guess", elsewhere) })
			synctest.Wait() // in this order
		}
		var honest sync.WaitGroup
		honest.Go(func() { h.want("honest", h.try(alice, "right", home), 0) })
		synctest.Wait()
		if got := h.try(bob, "one more guess", elsewhere); got != reason.Overloaded {
			t.Errorf("the stranger's next is %v, want busy", got)
		}
		h.queue.release()
		honest.Wait()
		strangers.Wait()
		if refusals[9] != reason.Overloaded {
			t.Errorf("the newest of the stranger's is %v, want busy: its place went to the honest login", refusals[9])
		}
	})
}

// TestHonestLoginComesSecond: with the queue full of one source's, the first from elsewhere waits for one
// of them and no more.
func TestHonestLoginComesSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 10)
		q.acquire(t.Context(), at(elsewhere))
		var served []string // one slot: its holder alone appends
		var all sync.WaitGroup
		enter := func(who string, address netip.Addr) {
			all.Go(func() {
				if q.acquire(t.Context(), at(address)) {
					served = append(served, who)
					q.release()
				}
			})
			synctest.Wait() // in this order
		}
		for range 10 {
			enter("stranger", elsewhere)
		}
		enter("honest", home)
		q.release()
		all.Wait()
		if len(served) != 10 || slices.Index(served, "honest") != 1 {
			t.Errorf("served %v, want 10, the honest one second", served)
		}
	})
}

func TestQueueServesSourcesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 100)
		sources := []netip.Addr{home, elsewhere, netip.MustParseAddr("192.0.2.1")}
		q.acquire(t.Context(), at(home))
		var served []int
		var all sync.WaitGroup
		for _, i := range []int{0, 0, 0, 0, 1, 1, 2} {
			all.Go(func() {
				q.acquire(t.Context(), at(sources[i]))
				served = append(served, i) // one slot: no other goroutine runs
				q.release()
			})
			synctest.Wait()
		}
		q.release()
		all.Wait()
		if got := fmt.Sprint(served); got != "[0 1 2 0 1 0 0]" {
			t.Errorf("served %s", got)
		}
	})
}

// Who makes room for whom, with a queue of 4 places.
func TestQueueMakesRoom(t *testing.T) {
	third := netip.MustParseAddr("192.0.2.1")
	for _, test := range []struct {
		name     string
		waiting  []netip.Addr
		newcomer netip.Addr
		in       bool
	}{
		{"room is left", []netip.Addr{home, home, home}, home, true},
		{"all are one source's", []netip.Addr{home, home, home, home}, elsewhere, true},
		{"that source itself", []netip.Addr{home, home, home, home}, home, false},
		{"three and one", []netip.Addr{home, home, home, elsewhere}, elsewhere, true},
		{"two and two", []netip.Addr{home, home, elsewhere, elsewhere}, elsewhere, false},
		{"two, one, one, and then two, two, one", []netip.Addr{home, home, elsewhere, third}, elsewhere, false},
		{"two and two, a third", []netip.Addr{home, home, elsewhere, elsewhere}, third, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := newQueue(0, 4)
			for _, source := range test.waiting {
				if called, _ := q.join(new(at(source))); called == nil {
					t.Fatal("no room")
				}
			}
			if called, _ := q.join(new(at(test.newcomer))); (called != nil) != test.in {
				t.Errorf("let in: %v", called != nil)
			}
			if _, waiting := q.count(); waiting > 4 {
				t.Errorf("%d wait", waiting)
			}
		})
	}
}

// Many sources enter, leave and give up at once: never more run than there are slots, never
// more wait than the bound, and nothing is left at the end.
func TestQueueUnderChance(t *testing.T) {
	const slots, bound = 3, 16
	q := newQueue(slots, bound)
	var running, entered, refused atomic.Int64
	var all sync.WaitGroup
	for worker := range 32 {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		all.Go(func() {
			for range 500 {
				source := netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(6))})
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					go cancel()
				}
				if q.acquire(ctx, place{at(source).path, rank(random.IntN(int(ranks)))}) {
					if n := running.Add(1); n > slots {
						t.Errorf("%d run", n)
					}
					if _, waiting := q.count(); waiting > bound {
						t.Errorf("%d wait", waiting)
					}
					entered.Add(1)
					for range random.IntN(8) {
						runtime.Gosched()
					}
					running.Add(-1)
					q.release()
				} else {
					refused.Add(1)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if run, wait := q.count(); run != 0 || wait != 0 {
		t.Errorf("%d run, %d wait", run, wait)
	}
	for r, l := range q.ranks {
		if l.waiting != 0 || l.turns.Len() != 0 || len(l.lines) != 0 {
			t.Errorf("rank %d: %d wait, %d turns, %d lines are left", r, l.waiting, l.turns.Len(), len(l.lines))
		}
	}
	if entered.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d entered, %d refused: nothing was tested", entered.Load(), refused.Load())
	}
}

// Many terminals of one account with one password: one place in the queue, one argon2.
func TestEqualWorkIsDoneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue, o.LockFailures = 2, 100, 1 })
		for range 2 {
			h.queue.acquire(t.Context(), at(elsewhere))
		}
		var waiting sync.WaitGroup
		for i := range 50 {
			source := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			waiting.Go(func() { h.want("waited", h.try(alice, "right", source), 0) })
		}
		synctest.Wait()
		if s := h.Stats(); s.HashQueue != 1 {
			t.Errorf("%d wait for a slot, want 1", s.HashQueue)
		}
		h.queue.release()
		h.queue.release()
		waiting.Wait()
		if s := h.Stats(); s.RememberedMisses != 50 || len(h.singleflight.followers) != 0 {
			t.Errorf("%+v, %d keys are left", s, len(h.singleflight.followers))
		}
	})
}

// Equal wrong passwords are evaluated one after the other, each counted, until the lock.
func TestEqualWrongPasswordsCount(t *testing.T) {
	for _, remember := range []time.Duration{0, time.Hour} {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue, o.Remember = 8, 100, remember })
		reasons := make(chan reason.Reason, 40)
		var guessers sync.WaitGroup
		for range cap(reasons) {
			guessers.Go(func() { reasons <- h.try(alice, "the same guess", home) })
		}
		guessers.Wait()
		close(reasons)
		count := make(map[reason.Reason]int)
		for r := range reasons {
			count[r]++
		}
		if count[reason.WrongPassword] != 5 || count[reason.WrongPassword]+count[reason.AccountLocked]+count[reason.Overloaded] != 40 || len(h.singleflight.followers) != 0 {
			t.Errorf("outcomes %v, want exactly 5 evaluated", count)
		}
	}
}

// The leader's ctx ends: the first of its followers does the work.
func TestWorkIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel = 1 })
		h.queue.acquire(t.Context(), at(elsewhere))
		ctx, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := h.Verify(ctx, attempt(alice, []byte("right"), home)); err == nil {
				t.Error("who gave up was let in")
			}
		})
		synctest.Wait()
		for range 3 {
			all.Go(func() { h.want("took over", h.try(alice, "right", home), 0) })
		}
		impatient, leave := context.WithCancel(t.Context())
		all.Go(func() { _, _ = h.Verify(impatient, attempt(alice, []byte("right"), home)) })
		synctest.Wait()
		leave() // a follower goes first
		synctest.Wait()
		giveUp()
		synctest.Wait()
		h.queue.release()
		all.Wait()
		if len(h.singleflight.followers) != 0 {
			t.Errorf("%d keys are left", len(h.singleflight.followers))
		}
	})
}

// Beyond the bound an attempt does not follow: the fair queue decides.
func TestFollowersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue = 1, 3 })
		h.queue.acquire(t.Context(), at(elsewhere))
		var all sync.WaitGroup
		for range 1 + 3 + 2 { // one leads, three follow, two wait in the queue on their own
			all.Go(func() { h.want("waited", h.try(alice, "right", home), 0) })
		}
		synctest.Wait()
		if s := h.Stats(); s.HashQueue != 3 || h.singleflight.waiting != 3 {
			t.Errorf("%d wait for a slot, %d for equal work; want 3 and 3", s.HashQueue, h.singleflight.waiting)
		}
		h.want("one too many", h.try(alice, "right", home), reason.Overloaded)
		h.queue.release()
		all.Wait()
		if h.singleflight.waiting != 0 || len(h.singleflight.followers) != 0 {
			t.Errorf("%d followers, %d keys are left", h.singleflight.waiting, len(h.singleflight.followers))
		}
	})
}

// A follower whose ctx ends at the moment at which it becomes leader passes that on.
func TestLeadIsPassedOn(t *testing.T) {
	k := cacheKey{1}
	f := singleflight{bound: 9, waiting: 2, followers: map[cacheKey][]chan role{k: nil}}
	first, second := make(chan role, 1), make(chan role, 1)
	f.followers[k] = []chan role{first, second}
	f.finish(k, false) // first becomes leader
	f.cancel(k, first)
	if len(second) != 1 || <-second != leader {
		t.Error("no follower became leader")
	}
	f.finish(k, false)
	if len(f.followers) != 0 || f.waiting != 0 {
		t.Errorf("%d keys, %d followers are left", len(f.followers), f.waiting)
	}
}

func BenchmarkQueueFull(b *testing.B) {
	q := newQueue(0, 1024)
	for i := range 1024 {
		q.join(new(at(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))))
	}
	again := netip.AddrFrom4([4]byte{10, 0, 0, 1}) // of the network that has most: no place is made for it
	for b.Loop() {
		if called, _ := q.join(new(at(again))); called != nil {
			b.Fatal("there was room")
		}
	}
}

// at is where an attempt from an address waits of which nothing is known.
func at(addr netip.Addr) place { return place{source.PathOf(addr), unknown} }
