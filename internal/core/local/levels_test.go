package local

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// slow makes each check take what argon2 takes with the default parameters, in the bubble's
// time: two slots make forty a second.
func slow(t *testing.T) *house {
	h := newHouse(t, func(o *Options) {
		o.Parallel, o.HashQueue, o.Now = 2, 1024, time.Now
		o.Remember = 0 // each login is one for the queue
		o.LockFailures, o.LockSourceFailures, o.LockDecay = 5, 100, 3*time.Minute
	})
	h.matches = func(_ *hash, password []byte) bool {
		time.Sleep(50 * time.Millisecond)
		return bytes.Equal(password, []byte("right"))
	}
	accounts := make([]Account, 0, 60)
	for i := range 60 {
		a := h.source.accounts[0]
		a.Account = regulation.Account(fmt.Sprint("7", i))
		accounts = append(accounts, a)
	}
	h.source.set(accounts...)
	h.refresh()
	return h
}

// attack lets every source try unknown accounts again and again, a second after each answer,
// until ctx ends.
func attack(ctx context.Context, h *house, sources []netip.Addr) *sync.WaitGroup {
	var all sync.WaitGroup
	for i, from := range sources {
		all.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond % time.Second)
			for n := 0; ctx.Err() == nil; n++ {
				_, _ = h.Verify(ctx, attempt(regulation.Account(fmt.Sprint("9", i, n)), []byte("guess"), from))
				time.Sleep(time.Second)
			}
		})
	}
	return &all
}

// honest logs each customer in once, from a network of his own, over four seconds, and tells the
// longest wait and how many got in at their first try.
func honest(h *house, from func(i int) netip.Addr) (longest time.Duration, in int) {
	const n = 59
	var all sync.WaitGroup
	waits, reasons := make([]time.Duration, n), make([]reason.Reason, n)
	for i := range n {
		all.Go(func() {
			time.Sleep(time.Duration(i) * 4 * time.Second / n)
			began := time.Now()
			reasons[i] = h.try(regulation.Account(fmt.Sprint("7", i)), "right", from(i))
			waits[i] = time.Since(began)
		})
	}
	all.Wait()
	for i := range n {
		longest = max(longest, waits[i])
		if reasons[i] == 0 {
			in++
		}
	}
	return longest, in
}

// newcomers have an IPv4 /24 each, and are not known here.
func newcomers(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(i), 7}) }

func v6(network, i int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%x::1", network, i))
}

// One subscriber has 65,536 sources. However many of them attack, he has one share.
func TestManySourcesOfFewNetworks(t *testing.T) {
	for _, c := range []struct {
		name    string
		sources int
		of      func(i int) netip.Addr
	}{
		{"10,000 /64s of three /48s", 10_000, func(i int) netip.Addr { return v6(i%3, i/3) }},
		{"all 768 /64s of three /56s", 768, func(i int) netip.Addr { return v6(i%3, i/3) }},
		{"1,300 addresses of six /24s", 1300, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, byte(i % 6), byte(i / 6)}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := slow(t)
				sources := make([]netip.Addr, c.sources)
				for i := range sources {
					sources[i] = c.of(i)
				}
				ctx, end := context.WithCancel(t.Context())
				attackers := attack(ctx, h, sources)
				time.Sleep(1500 * time.Millisecond) // the queue is full of them
				longest, in := honest(h, newcomers)
				end()
				attackers.Wait()
				t.Logf("%d of 59 newcomers got in, the last after %v", in, longest)
				if in != 59 || longest > 5*time.Second {
					t.Errorf("%d of 59 newcomers got in, the last after %v", in, longest)
				}
			})
		})
	}
}

// Who has as many networks as sources is not told from customers by his address. But each
// source that has failed waits behind those that have not, and a customer who has logged in
// from his address within a day has turns of his own from the first moment on.
func TestManySourcesOfManyNetworks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := slow(t)
		home := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i), 7}) }
		for i := range 59 { // yesterday evening
			h.locks.forgive(new(originOf(alice, home(i))), time.Now())
		}
		sources := make([]netip.Addr, 1300)
		for i := range sources {
			sources[i] = netip.AddrFrom4([4]byte{100, byte(i >> 8), byte(i), 1})
		}
		ctx, end := context.WithCancel(t.Context())
		attackers := attack(ctx, h, sources)
		time.Sleep(1500 * time.Millisecond)
		longest, in := honest(h, home)
		t.Logf("known: %d of 59, the last after %v", in, longest)
		if in != 59 || longest > 5*time.Second {
			t.Errorf("%d of 59 customers who are known got in, the last after %v", in, longest)
		}
		time.Sleep(50 * time.Second) // by then every attacker has failed once
		longest, in = honest(h, newcomers)
		t.Logf("newcomers a minute later: %d of 59, the last after %v", in, longest)
		if in != 59 || longest > 5*time.Second {
			t.Errorf("%d of 59 newcomers got in, the last after %v", in, longest)
		}
		end()
		attackers.Wait()
	})
}

// A network's buckets hold as much as a few of its sources do, so that a subscriber with 65,536
// sources does not have as many times five guesses at an account. Who has logged in from his own
// source is not locked with it.
func TestNetworksLock(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 1000 })
	h.want("a customer at home", h.try(alice, "right", v6(1, 0xff01)), 0)
	guesses := func(network, n int) (wrong int) {
		for i := range n {
			for g := range 5 {
				if h.try(alice, fmt.Sprint("guess", i, g), v6(network, i*256)) == reason.WrongPassword {
					wrong++
				}
			}
		}
		return wrong
	}
	if n := guesses(1, 100); n != 5*16 {
		t.Errorf("%d guesses from one /48, want %d", n, 5*16)
	}
	h.want("a newcomer in that /48", h.try(alice, "right", v6(1, 0xff02)), reason.AccountLocked)
	h.want("another account there", h.try(bob, "right", v6(1, 0xff02)), 0)
	h.want("the customer at home", h.try(alice, "changed?", v6(1, 0xff01)), reason.WrongPassword)
	h.want("elsewhere", h.try(alice, "right", v6(2, 0)), 0)
	if n := func() (wrong int) { // one /56
		for i := range 100 {
			if h.try(alice, fmt.Sprint("guess", i), v6(3, i)) == reason.WrongPassword {
				wrong++
			}
		}
		return wrong
	}(); n != 5*4 {
		t.Errorf("%d guesses from one /56, want %d", n, 5*4)
	}
	if accounts, _ := h.locks.count(h.clock.now()); accounts < 2 {
		t.Errorf("%d locks are counted", accounts)
	}
}

// Networks take turns, and in each its sources.
func TestQueueServesNetworksInTurn(t *testing.T) {
	q := newQueue(0, 100)
	var names []string
	called := make(map[string]chan bool)
	for _, addr := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3", "198.51.100.1", "198.51.100.1", "2001:db8::1"} {
		ticket, _ := q.join(new(at(netip.MustParseAddr(addr))))
		name := fmt.Sprint(addr, " ", len(names))
		names, called[name] = append(names, name), ticket.called
	}
	served := ""
	for range names {
		q.release()
		for name, c := range called {
			select {
			case <-c:
				served += name[len(name)-1:]
			default:
			}
		}
	}
	if served != "0461532" {
		t.Errorf("served %s", served)
	}
}

// Ranks have their parts of the places, and of the turns.
func TestRanks(t *testing.T) {
	q := newQueue(0, 16)
	join := func(r rank, n, network int) (in int) {
		for range n {
			if ticket, _ := q.join(&place{originOf(alice, v6(network, 0)).path, r}); ticket != nil {
				in++
			}
		}
		return in
	}
	counts := func() [ranks]int {
		return [ranks]int{q.ranks[suspect].waiting, q.ranks[unknown].waiting, q.ranks[trusted].waiting}
	}
	join(suspect, 20, 1)
	if got := counts(); got != [ranks]int{16, 0, 0} {
		t.Errorf("suspects alone: %v", got)
	}
	join(trusted, 20, 2) // takes all that suspects have above their part
	if got := counts(); got != [ranks]int{2, 0, 14} {
		t.Errorf("and then trusted ones: %v", got)
	}
	join(unknown, 20, 3) // takes what trusted ones have above theirs
	if got := counts(); got != [ranks]int{2, 6, 8} {
		t.Errorf("and then unknown ones: %v", got)
	}
	if n := join(trusted, 3, 2) + join(unknown, 3, 3) + join(suspect, 3, 1); n != 0 {
		t.Errorf("%d more found room", n)
	}
	served := ""
	for range 8 {
		before := counts()
		q.release()
		for r, n := range counts() {
			if n < before[r] {
				served += fmt.Sprint(r)
			}
		}
	}
	if served != "21212021" {
		t.Errorf("served %s", served)
	}
}
