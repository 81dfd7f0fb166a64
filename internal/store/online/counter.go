package online

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// Patience bounds how long a login waits for PostgreSQL. While a batch takes longer none waits.
	Patience = 250 * time.Millisecond
	// changePatience bounds a batch; then the connection is given up. It is far longer than Patience, since this front's sessions count at the
	// others for as long as the connection is there, and a PostgreSQL that is slow must not be told everything anew.
	changePatience = 5 * time.Second
	// secondLook is when a login that was refused is asked for once more: the session that ended a moment ago, at another front,
	// may not have been told yet.
	secondLook = 50 * time.Millisecond
	// beginPatience bounds writing all anew, meanwhile logins do not wait.
	beginPatience = 10 * time.Second
	// probePeriod is how often the connection is tried where there is nothing to tell, and how long logins do not wait after a slow answer.
	probePeriod = time.Second
	// A pause before the connection is made again, doubled at each failure. One that served for steady before it failed is made again at once.
	minPause, maxPause = time.Second, 2 * time.Second
	steady             = 30 * time.Second
)

var (
	errNotYet = errors.New("PostgreSQL was not asked yet about sessions at other fronts")
	errBegin  = fmt.Errorf("PostgreSQL does not answer within %v", beginPatience)
	errSlow   = fmt.Errorf("PostgreSQL does not answer within %v", Patience)
	errChange = fmt.Errorf("PostgreSQL does not answer within %v", changePatience)
)

// Register is PostgreSQL, where the sessions of all fronts are known. It is used by one goroutine at a time.
type Register interface {
	// Begin makes a new connection, under a key of its own, and writes all sessions of this front in the place of those of the
	// connections before.
	Begin(ctx context.Context, all []store.Online) error
	// Change tells what this front holds of some accounts, and returns how many of the sessions asked for are granted, in the same order.
	// Of an account its own and other fronts' sessions are at most bound, as far as Asked goes. After an error nothing is known.
	Change(ctx context.Context, bound int32, some []store.Online) (granted []int32, err error)
	// Close ends the connection.
	Close()
}

// Counter counts sessions over all fronts. Its methods may be called at any time from any goroutine; make it with New.
type Counter struct {
	register Register
	bound    int32

	wake   chan struct{} // something is to be told
	first  chan struct{} // closed when the first Begin has returned
	cancel context.CancelFunc
	ended  chan struct{} // closed when the stream has ended

	mu       sync.Mutex
	accounts map[regulation.Account]*account
	asking   queue // with logins that wait
	telling  queue // with another number than PostgreSQL knows
	state    state
	late     time.Time // when an answer was missed last; of state slow
	err      error     // why sessions are counted alone
	alone    int64     // logins that were granted alone
}

// state is how logins are decided.
type state int

const (
	alone    state = iota
	writing        // alone, while all accounts are written anew
	slow           // alone, while PostgreSQL is told, since it answers late
	together       // by PostgreSQL
)

// account is what the Counter knows of an account that is online, or about to be.
type account struct {
	name    regulation.Account
	held    int32  // sessions here
	told    int32  // sessions here as PostgreSQL was told last
	waiting []*ask // logins that wait, the first first
	// asked and tellable say that the account is in the queue of that name.
	asked, tellable bool
	underway        bool // it is part of the batch that is on its way
}

// ask is one login that waits for PostgreSQL.
type ask struct {
	granted    chan bool // of capacity one
	unanswered bool      // what becomes of it where PostgreSQL does not answer
	gone       bool      // it waits no more
}

// New makes a Counter. bound is how many sessions an account may have at all fronts.
func New(register Register, bound int) *Counter {
	return &Counter{
		register: register, bound: int32(bound), err: errNotYet,
		wake: make(chan struct{}, 1), first: make(chan struct{}), ended: make(chan struct{}),
		accounts: make(map[regulation.Account]*account),
	}
}

// Start begins to tell PostgreSQL. Sessions may have been resumed before.
func (c *Counter) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	go c.run(ctx)
}

// Await returns when it is known whether sessions are counted together, or ctx ends.
func (c *Counter) Await(ctx context.Context) {
	select {
	case <-c.first:
	case <-ctx.Done():
	}
}

// Close ends the connection, and with it this front's sessions at the others. Logins that still come are granted.
func (c *Counter) Close() {
	if c.cancel == nil {
		return
	}
	c.cancel()
	<-c.ended
}

// LastError is why sessions are counted at this front alone, nil while they are counted together and after Close.
func (c *Counter) LastError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Alone is how many logins were granted by this front's own count.
func (c *Counter) Alone() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alone
}

// Take asks for one more session of an account. Each session that was taken is released once.
func (c *Counter) Take(ctx context.Context, name regulation.Account) bool {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	return c.ask(ctx, name, true) || sleep(ctx, secondLook) && c.ask(ctx, name, false)
}

// ask waits for PostgreSQL until ctx ends. unanswered is what becomes of the login where PostgreSQL does not answer: one that was
// refused a moment ago stays so.
func (c *Counter) ask(ctx context.Context, name regulation.Account, unanswered bool) bool {
	a := c.want(name, unanswered)
	if a == nil {
		return unanswered
	}
	select {
	case granted := <-a.granted:
		return granted
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case granted := <-a.granted: // in the same moment
		return granted
	default:
	}
	a.gone = true
	if unanswered {
		c.grantAlone(c.entry(name))
	}
	return unanswered
}

// want puts a login into the queue; nil: PostgreSQL does not answer.
func (c *Counter) want(name regulation.Account, unanswered bool) *ask {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != together {
		if unanswered {
			c.grantAlone(c.entry(name))
		}
		return nil
	}
	a, waits := c.entry(name), &ask{granted: make(chan bool, 1), unanswered: unanswered}
	a.waiting = append(a.waiting, waits)
	c.toAsk(a)
	return waits
}

func (c *Counter) grantAlone(a *account) {
	c.alone++
	a.held++
	c.toTell(a)
}

// Resume counts a session whose login another process answered, also over the bound.
func (c *Counter) Resume(name regulation.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.entry(name)
	a.held++
	c.toTell(a)
}

// Release gives back a session that was taken or resumed.
func (c *Counter) Release(name regulation.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.entry(name)
	a.held = max(0, a.held-1)
	c.toTell(a)
	c.forget(a)
}

func (c *Counter) entry(name regulation.Account) *account {
	a := c.accounts[name]
	if a == nil {
		a = &account{name: name}
		c.accounts[name] = a
	}
	return a
}

// toAsk puts an account into the queue of those that logins wait for.
func (c *Counter) toAsk(a *account) {
	if !a.asked && !a.underway {
		a.asked = true
		c.asking.push(a)
		c.stir()
	}
}

// toTell puts an account into the queue if PostgreSQL knows another number. While it does not answer there is no queue: then all is
// written anew.
func (c *Counter) toTell(a *account) {
	if c.state != alone && a.held != a.told && !a.tellable && !a.underway {
		a.tellable = true
		c.telling.push(a)
		c.stir()
	}
}

// stir wakes the stream.
func (c *Counter) stir() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// forget takes an entry out of which nothing is to be known any more.
func (c *Counter) forget(a *account) {
	if a.held == 0 && len(a.waiting) == 0 && !a.asked && !a.tellable && !a.underway && (c.state == alone || a.told == 0) {
		delete(c.accounts, a.name)
	}
}

// queue is of accounts, first in, first out.
type queue struct {
	all  []*account
	next int
}

func (q *queue) push(a *account) { q.all = append(q.all, a) }

// pop is nil if there is none.
func (q *queue) pop() *account {
	if q.next == len(q.all) {
		return nil
	}
	a := q.all[q.next]
	q.all[q.next] = nil
	if q.next++; q.next > len(q.all)/2 { // a queue that is never empty must not grow
		left := copy(q.all, q.all[q.next:])
		clear(q.all[left:])
		q.all, q.next = q.all[:left], 0
	}
	return a
}
