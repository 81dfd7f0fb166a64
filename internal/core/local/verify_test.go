package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

func TestVerify(t *testing.T) {
	h := newHouse(t, nil)
	user, err := h.Verify(t.Context(), attempt(bob, []byte("right"), home))
	if err != nil || user != (core.User{Account: bob, UserType: regulation.UserOperator}) {
		t.Errorf("bob: %v, %v", user, err)
	}
	h.want("right", h.try(alice, "right", home), 0)
	h.want("wrong", h.try(alice, "wrong", home), reason.WrongPassword)
	h.want("empty", h.try(alice, "", home), reason.WrongPassword)
	h.want("one byte more", h.try(alice, "right ", home), reason.WrongPassword)
	h.want("unknown", h.try("77777777", "right", home), reason.UnknownAccount)
	h.want("unknown, empty", h.try("", "", home), reason.UnknownAccount)
}

func TestVerifyBeforeTheFirstRefresh(t *testing.T) {
	c := &clock{}
	l, err := New(&table{}, Options{
		Params: cheap, LockFailures: 5, LockSourceFailures: 5,
		LockDecay: time.Minute, HashQueue: 1, Now: c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Core: l, t: t}
	h.want("no account is known", h.try(alice, "right", home), reason.UnknownAccount)
	if l.Loaded() {
		t.Error("loaded")
	}
}

// An unknown account must cost argon2, or its answer tells who is a customer.
func TestUnknownAccountsCostTheSame(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Params = Params{MemoryKiB: 32 << 10, Iterations: 2} })
	began := time.Now()
	h.want("unknown", h.try("77777777", "right", home), reason.UnknownAccount)
	unknown := time.Since(began)
	// alice's hash is cheap, in microseconds; the dummy's 32 MiB take milliseconds.
	if unknown < 2*time.Millisecond {
		t.Errorf("an unknown account was answered in %v: without argon2", unknown)
	}
}

func TestPasswordStaysTheCallers(t *testing.T) {
	h := newHouse(t, nil)
	password := []byte("right")
	for range 2 { // evaluated, then remembered
		if _, err := h.Verify(t.Context(), attempt(alice, password, home)); err != nil || string(password) != "right" {
			t.Fatalf("%q, %v", password, err)
		}
	}
	clear(password)
	h.want("after the owner wiped it", h.try(alice, "right", home), 0)
}

func TestRemembered(t *testing.T) {
	h := newHouse(t, nil)
	step := func(name string, got, want reason.Reason, hits, misses uint64) {
		t.Helper()
		h.want(name, got, want)
		if s := h.Stats(); s.RememberedHits != hits || s.RememberedMisses != misses {
			t.Errorf("%s: %d hits, %d misses; want %d, %d", name, s.RememberedHits, s.RememberedMisses, hits, misses)
		}
	}
	step("first", h.try(alice, "right", home), 0, 0, 1)
	step("again", h.try(alice, "right", home), 0, 1, 1)
	step("again, from elsewhere", h.try(alice, "right", elsewhere), 0, 2, 1)
	step("another password", h.try(alice, "wrong", home), reason.WrongPassword, 2, 2)
	step("another account", h.try(bob, "right", home), 0, 2, 3)
	h.clock.move(time.Hour - 1)
	step("just before the end", h.try(alice, "right", home), 0, 3, 3)
	h.clock.move(1)
	step("at the end: hits did not extend it", h.try(alice, "right", home), 0, 3, 4)
	if s := h.Stats(); s.Remembered != 2 {
		t.Errorf("%d remembered", s.Remembered)
	}
}

func TestChangedPasswordEndsWhatIsRemembered(t *testing.T) {
	h := newHouse(t, nil)
	h.want("old", h.try(alice, "right", home), 0)
	h.source.set(account(t, alice, regulation.UserCustomer, "newer"))
	h.refresh()
	h.want("old, after the change", h.try(alice, "right", home), reason.WrongPassword)
	h.want("new", h.try(alice, "newer", home), 0)
	h.source.set()
	h.refresh()
	h.want("removed", h.try(alice, "newer", home), reason.UnknownAccount)
}

func TestRememberIsBounded(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RememberAccounts = 3 })
	var accounts []Account
	for i := range 10 {
		accounts = append(accounts, account(t, regulation.Account(fmt.Sprint(i)), regulation.UserCustomer, "right"))
	}
	h.source.set(accounts...)
	h.refresh()
	for _, a := range accounts {
		h.want("in", h.try(a.Account, "right", home), 0)
	}
	if n := h.Stats().Remembered; n != 3 {
		t.Errorf("%d remembered, want 3", n)
	}
}

func TestRememberNothing(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Remember, o.RememberAccounts = 0, 0 })
	for range 3 {
		h.want("in", h.try(alice, "right", home), 0)
	}
	if s := h.Stats(); s.RememberedHits != 0 || s.RememberedMisses != 3 || s.Remembered != 0 {
		t.Errorf("%+v", s)
	}
}

// With the slots taken, as many wait as the queue holds; the next is turned away at once.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue = 1, 2 })
		if !h.queue.acquire(t.Context(), at(elsewhere)) { // a computation that runs
			t.Fatal("the free slot was refused")
		}
		var waiting sync.WaitGroup
		for _, id := range []regulation.Account{alice, bob} {
			waiting.Go(func() { h.want("waited", h.try(id, "right", home), 0) })
		}
		synctest.Wait() // both wait
		if s := h.Stats(); s.Hashing != 1 || s.HashQueue != 2 {
			t.Errorf("%+v", s)
		}
		h.want("one too many", h.try(alice, "another", home), reason.Overloaded)
		h.queue.release()
		waiting.Wait()
		if s := h.Stats(); s.Hashing != 0 || s.HashQueue != 0 {
			t.Errorf("afterwards %+v", s)
		}
		h.want("free again", h.try(bob, "right", home), 0)
	})
}

func TestNoQueue(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Parallel, o.HashQueue = 1, 0 })
	h.want("the slot is free", h.try(alice, "right", home), 0)
	h.queue.acquire(t.Context(), at(elsewhere))
	h.want("the slot is taken", h.try(bob, "right", home), reason.Overloaded)
	h.want("remembered needs none", h.try(alice, "right", home), 0)
}

// What was verified while an attempt waited lets it in without argon2.
func TestRememberedWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.LockFailures = 1, 1 })
		h.queue.acquire(t.Context(), at(elsewhere))
		var waiting sync.WaitGroup
		waiting.Go(func() { h.want("waited", h.try(alice, "right", home), 0) })
		synctest.Wait()
		holder, _ := h.current.Load().lookup(alice)
		h.cache.add(h.cache.key(alice, holder.phc, []byte("right")), h.clock.now())
		// With no room left, an attempt that still went for argon2 would be reason.Overloaded.
		h.want("the room", h.locks.reserve(new(originOf(alice, home)), h.clock.now()), 0)
		h.queue.release()
		waiting.Wait()
	})
}

// Those who waited together all get in, and one that gives up leaves no trace.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *Options) { o.Parallel, o.LockFailures = 1, 1 })
		h.queue.acquire(t.Context(), at(elsewhere))
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() { h.want("waited", h.try(alice, "right", home), 0) })
		}
		ctx, giveUp := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := h.Verify(ctx, attempt(bob, []byte("wrong"), home))
			gone <- err
		}()
		synctest.Wait()
		giveUp()
		var refused *core.Refused
		if err := <-gone; !errors.As(err, &refused) || refused.Reason != reason.Overloaded {
			t.Errorf("gave up: %v", err)
		}
		h.queue.release()
		waiting.Wait()
		h.want("giving up is no failure", h.try(bob, "right", home), 0)
	})
}

func TestEndedContextIsNotEvaluated(t *testing.T) {
	h := newHouse(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var refused *core.Refused
	if _, err := h.Verify(ctx, attempt(alice, []byte("right"), home)); !errors.As(err, &refused) || refused.Reason != reason.Overloaded {
		t.Fatal(err)
	}
}

func BenchmarkVerifyRemembered(b *testing.B) {
	h := newHouse(b, nil)
	h.want("first", h.try(alice, "right", home), 0)
	attempt := attempt(alice, []byte("right"), home)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Verify(b.Context(), attempt); err != nil {
			b.Fatal(err)
		}
	}
}
