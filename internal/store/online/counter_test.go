package online

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// table is PostgreSQL's, as its functions keep it.
type table struct {
	mu   sync.Mutex
	rows map[regulation.Account]map[*place]int32
}

// place is a front's at the table.
type place struct {
	table *table

	// Under the table's lock.
	spoil func(batch []store.Online) error // before a batch is looked at; nil for none
	begin func() error                     // the same of Begin

	begun   [][]store.Online
	batches [][]store.Online
	closed  int
}

var errAway = errors.New("away")

func (p *place) Begin(_ context.Context, all []store.Online) error {
	p.table.mu.Lock()
	begin := p.begin
	p.table.mu.Unlock()
	if begin != nil {
		if err := begin(); err != nil {
			return err
		}
	}
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	p.begun = append(p.begun, all)
	for _, fronts := range p.table.rows {
		delete(fronts, p)
	}
	for i := range all {
		p.set(&all[i], 0)
	}
	return nil
}

func (p *place) set(one *store.Online, granted int32) {
	fronts := p.table.rows[one.Account]
	if fronts == nil {
		fronts = make(map[*place]int32)
		p.table.rows[one.Account] = fronts
	}
	if fronts[p] = one.Held + granted; fronts[p] == 0 {
		delete(fronts, p)
	}
}

func (p *place) Change(ctx context.Context, bound int32, some []store.Online) ([]int32, error) {
	p.table.mu.Lock()
	p.batches = append(p.batches, some)
	spoil := p.spoil
	p.table.mu.Unlock()
	if spoil != nil {
		if err := spoil(some); err != nil {
			if errors.Is(err, errHangs) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, err
		}
	}
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	granted := make([]int32, len(some))
	for i := range some {
		others := int32(0)
		for front, n := range p.table.rows[some[i].Account] {
			if front != p {
				others += n
			}
		}
		granted[i] = max(0, min(some[i].Asked, bound-some[i].Held-others))
		p.set(&some[i], granted[i])
	}
	return granted, nil
}

// errHangs is no answer at all.
var errHangs = errors.New("hangs")

func (p *place) Close() { p.closed++ }

// spoiled says what becomes of what is begun and told from now on; nil is nothing.
func (p *place) spoiled(begin func() error, spoil func([]store.Online) error) {
	p.table.mu.Lock()
	defer p.table.mu.Unlock()
	p.begin, p.spoil = begin, spoil
}

// away is a PostgreSQL that is.
func away() error { return errAway }

// sessions are those that the table has of all fronts.
func (t *table) sessions() (all int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, fronts := range t.rows {
		for _, n := range fronts {
			all += n
		}
	}
	return all
}

func newTable() *table { return &table{rows: make(map[regulation.Account]map[*place]int32)} }

// front is a Counter that counts together with the others of the table, until the bubble ends.
func (t *table) front(test *testing.T, bound int) (*Counter, *place) {
	test.Helper()
	p := &place{table: t}
	c := New(p, bound)
	c.Start()
	test.Cleanup(c.Close)
	c.Await(test.Context())
	if err := c.LastError(); err != nil {
		test.Fatal(err)
	}
	return c, p
}

// known is of how many accounts a Counter knows something.
func known(c *Counter) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.accounts)
}

func want(t *testing.T, c *Counter, account regulation.Account, granted bool) {
	t.Helper()
	if got := c.Take(t.Context(), account); got != granted {
		t.Fatalf("account %s: granted %v, want %v", account, got, granted)
	}
}

// TestBoundOfAllFronts: two fronts have the bound together, and what one gives back the other gets.
func TestBoundOfAllFronts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, _ := firm.front(t, 2)
		b, _ := firm.front(t, 2)
		want(t, a, "x", true)
		want(t, b, "x", true)
		want(t, a, "x", false)
		want(t, b, "x", false)
		want(t, b, "y", true)
		a.Release("x")
		synctest.Wait() // it is told at once: no time passes
		want(t, b, "x", true)
		want(t, a, "x", false)
		a.Resume("x") // over the bound
		synctest.Wait()
		b.Release("x")
		synctest.Wait()
		want(t, a, "x", false)
		if a.Alone() != 0 || b.Alone() != 0 {
			t.Errorf("%d and %d were granted alone", a.Alone(), b.Alone())
		}
	})
}

// TestSecondLook: a session that ended at another front a moment ago, and is told a moment later, keeps no login out.
func TestSecondLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, _ := firm.front(t, 1)
		b, _ := firm.front(t, 1)
		want(t, a, "x", true)
		go func() {
			time.Sleep(secondLook / 2)
			a.Release("x")
		}()
		want(t, b, "x", true)
		began := time.Now()
		want(t, a, "x", false)
		if took := time.Since(began); took != secondLook {
			t.Errorf("refused after %v, want %v", took, secondLook)
		}
	})
}

// TestNoAnswer: a login waits for Patience and no longer, and is granted; those behind it do not wait at all, until PostgreSQL answers again
// and was told everything.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, p := firm.front(t, 1)
		b, _ := firm.front(t, 1)
		want(t, a, "x", true)
		p.spoiled(away, func([]store.Online) error { return errHangs })
		began := time.Now()
		want(t, a, "y", true)
		if took := time.Since(began); took != Patience || a.Alone() != 1 {
			t.Errorf("granted after %v, want %v; %d alone", took, Patience, a.Alone())
		}
		for _, state := range []struct {
			err   error
			after time.Duration
		}{{errSlow, 0}, {errAway, changePatience}} {
			time.Sleep(state.after)
			synctest.Wait()
			if err := a.LastError(); !errors.Is(err, state.err) {
				t.Fatalf("error %v, want %v", err, state.err)
			}
			began, before := time.Now(), a.Alone()
			for range 3 {
				want(t, a, "z", true)
			}
			if took := time.Since(began); took != 0 || a.Alone() != before+3 {
				t.Errorf("logins waited %v for what is known not to answer, %d alone", took, a.Alone()-before)
			}
		}
		a.Release("x")
		p.spoiled(nil, nil)
		time.Sleep(2 * maxPause)
		if err := a.LastError(); err != nil {
			t.Fatal(err)
		}
		want(t, b, "x", true)
		want(t, b, "y", false)
		want(t, b, "z", false)
		if last := p.begun[len(p.begun)-1]; len(last) != 2 {
			t.Errorf("written anew: %v, want y and z", last)
		}
		if a.Alone() != 7 || b.Alone() != 0 {
			t.Errorf("%d and %d were granted alone", a.Alone(), b.Alone())
		}
	})
}

// TestLateAnswer: PostgreSQL answers, but late. The connection is kept, so that the others count this front's sessions all the time; logins
// wait for an answer once, and again only when it has answered in time.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, p := firm.front(t, 1)
		b, _ := firm.front(t, 1)
		want(t, a, "x", true)
		p.spoiled(nil, func([]store.Online) error { time.Sleep(Patience * 6 / 5); return nil })
		go a.Take(t.Context(), "first")
		time.Sleep(Patience / 2)
		for i := range 10 * maxAsked { // they are in no batch yet
			go a.Take(t.Context(), regulation.Account(fmt.Sprint("first", i)))
		}
		time.Sleep(Patience / 2)
		synctest.Wait()
		if a.Alone() != 1+10*maxAsked {
			t.Errorf("%d were granted alone, want all, also those that waited for half of the time", a.Alone())
		}
		for i := range 20 {
			want(t, b, "x", false)
			began, before := time.Now(), a.Alone()
			want(t, a, regulation.Account(fmt.Sprint("later", i)), true)
			if took := time.Since(began); took != 0 || a.Alone() != before+1 {
				t.Fatalf("a login waited %v for what is known to be slow", took)
			}
			time.Sleep(probePeriod / 3)
		}
		p.spoiled(nil, nil)
		time.Sleep(3 * probePeriod)
		if err := a.LastError(); err != nil || len(p.begun) != 1 {
			t.Errorf("error %v, begun %d times", err, len(p.begun))
		}
		before := a.Alone()
		want(t, b, "later19", false)
		want(t, b, "first0", false)
		want(t, a, "again", true)
		if a.Alone() != before {
			t.Error("a login is granted alone while PostgreSQL answers")
		}
	})
}

// TestWaitingWhenItFails: logins that wait when the connection breaks do not wait for another.
func TestWaitingWhenItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, p := newTable().front(t, 1)
		p.spoiled(away, func([]store.Online) error {
			time.Sleep(Patience / 5)
			return errAway
		})
		began := time.Now()
		var all sync.WaitGroup
		for i := range 3 * maxAsked { // two batches are not even under way
			all.Go(func() { want(t, a, regulation.Account(fmt.Sprint(i)), true) })
		}
		all.Wait()
		if took := time.Since(began); took != Patience/5 || a.Alone() != 3*maxAsked {
			t.Errorf("granted after %v, %d alone", took, a.Alone())
		}
	})
}

// TestRefusedStaysRefused: PostgreSQL said that the bound is reached, and does not answer the second question.
func TestRefusedStaysRefused(t *testing.T) {
	for name, spoil := range map[string]error{"it hangs": errHangs, "it is away": errAway} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				firm := newTable()
				a, _ := firm.front(t, 1)
				b, p := firm.front(t, 1)
				want(t, a, "x", true)
				asked := 0
				p.spoiled(away, func(batch []store.Online) error {
					if len(batch) > 0 {
						asked++
					}
					if asked > 1 {
						return spoil
					}
					return nil
				})
				want(t, b, "x", false)
				time.Sleep(changePatience) // until the batch fails too
				synctest.Wait()
				if asked != 2 || b.Alone() != 0 || known(b) != 0 {
					t.Errorf("asked %d times, %d granted alone, %d accounts are left", asked, b.Alone(), known(b))
				}
			})
		})
	}
}

// TestLoginThatGivesUp: the time of a login is over while PostgreSQL is asked. It is granted alone, and what is granted for it is not given to
// the other login of the same batch.
func TestLoginThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, p := firm.front(t, 1)
		p.spoiled(nil, func([]store.Online) error {
			time.Sleep(Patience / 5)
			return nil
		})
		var all sync.WaitGroup
		all.Go(func() { want(t, a, "before", true) })
		synctest.Wait() // its batch is on its way; that of the others comes then
		ctx, cancel := context.WithTimeout(t.Context(), Patience*3/10)
		defer cancel()
		granted := make([]bool, 2)
		all.Go(func() { granted[0] = a.Take(ctx, "x") })
		synctest.Wait()
		all.Go(func() { granted[1] = a.Take(t.Context(), "x") })
		all.Wait()
		if !granted[0] || granted[1] || a.Alone() != 1 {
			t.Errorf("granted %v, %d alone; want the first alone, since it had no time to wait", granted, a.Alone())
		}
		if both := p.batches[2]; len(both) != 1 || both[0].Asked != 2 {
			t.Errorf("the batch after the first login's is %v: the test is about one for both", both)
		}
		a.Release("before")
		time.Sleep(Patience)
		if n := firm.sessions(); n != 1 {
			t.Errorf("%d sessions at the table, want 1", n)
		}
		a.Release("x")
		time.Sleep(Patience)
		if n := firm.sessions(); n != 0 || known(a) != 0 {
			t.Errorf("%d sessions at the table, %d accounts in memory", n, known(a))
		}
	})
}

// TestBatches: what is to be told while a batch is on its way goes together, logins first, in batches of bounded size; an account is in
// one once, with its last number.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, p := firm.front(t, 3)
		for i := range 2 * maxTold {
			a.Resume(regulation.Account(fmt.Sprint("seated", i)))
		}
		synctest.Wait()
		p.batches = nil
		hold := make(chan struct{})
		p.spoiled(nil, func([]store.Online) error { <-hold; return nil })
		want := 1 + 2*maxTold + maxAsked + 10
		var all sync.WaitGroup
		all.Go(func() { a.Take(t.Context(), "first") })
		synctest.Wait() // its batch is on its way
		for i := range 2 * maxTold {
			for range 3 {
				a.Resume(regulation.Account(fmt.Sprint("seated", i)))
			}
			a.Release(regulation.Account(fmt.Sprint("seated", i)))
		}
		for i := range maxAsked + 10 {
			all.Go(func() { a.Take(t.Context(), regulation.Account(fmt.Sprint("comer", i))) })
		}
		synctest.Wait()
		close(hold)
		all.Wait()
		synctest.Wait()
		if len(p.batches) != 3 {
			t.Fatalf("%d batches, want 3", len(p.batches))
		}
		seen := make(map[regulation.Account]store.Online)
		for i, batch := range p.batches {
			asked := 0
			for j := range batch {
				if batch[j].Asked > 0 {
					asked++
				} else if batch[j].Held != 3 {
					t.Errorf("account %s is said to have %d sessions, want 3", batch[j].Account, batch[j].Held)
				}
				seen[batch[j].Account] = batch[j]
			}
			if asked > maxAsked || len(batch)-asked > maxTold || i == 1 && asked != maxAsked {
				t.Errorf("batch %d: %d accounts, logins wait for %d", i, len(batch), asked)
			}
		}
		if len(seen) != want {
			t.Errorf("%d accounts were told, want %d", len(seen), want)
		}
	})
}

// TestEmptied: no login comes, and PostgreSQL has lost what it was told: a probe finds it, and all is written anew at once.
func TestEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firm := newTable()
		a, p := firm.front(t, 1)
		b, _ := firm.front(t, 1)
		want(t, a, "x", true)
		lost := false
		p.spoiled(nil, func([]store.Online) error {
			if lost {
				return nil
			}
			lost = true
			return errAway
		})
		firm.mu.Lock()
		clear(firm.rows)
		firm.mu.Unlock()
		time.Sleep(probePeriod)
		synctest.Wait()
		if err := a.LastError(); err != nil || len(p.begun) != 2 {
			t.Fatalf("error %v, begun %d times", err, len(p.begun))
		}
		want(t, b, "x", false)
	})
}

// TestPauses: a PostgreSQL that is away is tried at once, then after pauses that double up to maxPause.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries []time.Duration
		began := time.Now()
		p := &place{table: newTable(), begin: func() error {
			tries = append(tries, time.Since(began))
			return errAway
		}}
		c := New(p, 1)
		c.Start()
		time.Sleep(8 * time.Second)
		c.Close()
		if want := []time.Duration{0, 0, 1, 3, 5, 7}; !slices.EqualFunc(tries, want, func(a, b time.Duration) bool { return a == b*time.Second }) {
			t.Errorf("tried after %v, want seconds %v", tries, want)
		}
		want(t, c, "x", true) // also when it is closed
		if p.closed == 0 {
			t.Error("the connection was not closed")
		}
	})
}

// TestBeginsAndIsNotAnswered: PostgreSQL takes what is written anew and answers no question, as where a right is missing. Never is it said that
// sessions are counted over all fronts.
func TestBeginsAndIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *Counter
		p := &place{table: newTable()}
		together := 0
		p.spoil = func([]store.Online) error {
			if c.LastError() == nil {
				together++
			}
			return errAway
		}
		c = New(p, 1)
		c.Start()
		t.Cleanup(c.Close)
		c.Await(t.Context())
		for range 20 {
			if err := c.LastError(); err == nil {
				t.Fatal("it says that sessions are counted over all fronts")
			}
			want(t, c, "x", true)
			c.Release("x")
			time.Sleep(probePeriod / 2)
		}
		synctest.Wait()
		if together != 0 || c.Alone() != 20 {
			t.Errorf("%d times it said so, %d logins were granted alone", together, c.Alone())
		}
		if len(p.begun) < 2 || len(p.begun) != len(p.batches) {
			t.Errorf("begun %d times, asked %d times: want one question each time", len(p.begun), len(p.batches))
		}
	})
}

// TestNothingIsLeft: fronts take and give back in any order, through faults of any kind, some of them for long. In the end the table and the
// memory of each front are empty; without faults the bound held at every moment.
func TestNothingIsLeft(t *testing.T) {
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprint("faults ", faults), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { takeAndRelease(t, faults) })
		})
	}
}

func takeAndRelease(t *testing.T, faults bool) {
	const bound, accounts = 2, 3
	firm := newTable()
	var mu sync.Mutex
	in, random := make(map[regulation.Account]int), rand.New(rand.NewPCG(7, 7))
	chance := func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n) == 0
	}
	note := func(account regulation.Account, n int) {
		mu.Lock()
		defer mu.Unlock()
		if in[account] += n; !faults && in[account] > bound {
			t.Errorf("account %s has %d sessions", account, in[account])
		}
	}
	var counters []*Counter
	var healed atomic.Bool
	for range 3 {
		c, p := firm.front(t, bound)
		counters = append(counters, c)
		p.spoiled(nil, func([]store.Online) error {
			time.Sleep(time.Millisecond)
			switch {
			case !faults || healed.Load() || !chance(20):
				return nil
			case chance(2):
				return errHangs
			}
			return errAway
		})
	}
	var all sync.WaitGroup
	for i := range 60 {
		c, account := counters[i%3], regulation.Account(fmt.Sprint(i%accounts))
		all.Go(func() {
			for range 200 {
				if c.Take(t.Context(), account) {
					note(account, 1)
					if chance(3) {
						time.Sleep(time.Millisecond)
					}
					note(account, -1)
					c.Release(account)
				}
			}
		})
	}
	all.Wait()
	healed.Store(true)
	time.Sleep(time.Minute)
	for _, c := range counters {
		if known(c) != 0 || c.LastError() != nil || !faults && c.Alone() != 0 || faults && c.Alone() == 0 {
			t.Errorf("%d accounts are left, error %v, %d were granted alone", known(c), c.LastError(), c.Alone())
		}
	}
	if n := firm.sessions(); n != 0 {
		t.Errorf("%d sessions are left at the table", n)
	}
}
