package local

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/source"
)

// MaxBuckets bounds how many (account, source) pairs, how many sources, and how many networks
// of each size are remembered to have failed, and from how many sources a login was accepted:
// about 150 bytes each.
const MaxBuckets = 1 << 15

// trustedFor is how long after its last accepted login a source is trusted: over a night.
const trustedFor = 24 * time.Hour

// The lock of an account alone, for attempts through relays: so many failures lock it, and one is forgotten in so long.
// The addresses that a relay tells may be invented, so that those of (account, source) do not bound its guesses.
const (
	relayedFailures = 20
	relayedDecay    = 10 * time.Minute / relayedFailures
)

// origin is the account of an attempt and where it comes from.
type origin struct {
	account regulation.Account
	path    source.Path // of the terminal, also behind a relay
	relayed bool        // a relay told the path
	// operator says that it is an operator relay's own login: the path is the relay's, and all its customers are behind it.
	operator bool
}

func originOf(account regulation.Account, addr netip.Addr) origin {
	return origin{account: account, path: source.PathOf(addr)}
}

// depth is how many levels there are. Orders by telephone have none: they would share one lock.
func (o *origin) depth() int {
	switch {
	case o.relayed:
		return o.path.Len()
	case o.operator:
		return min(1, o.path.Len()) // its account, at the relay: no network around it
	}
	return depth(&o.path)
}

// sources is how many levels of sources count the attempt: none of a relay's own address, so that its operator may mistype.
func (o *origin) sources() int {
	if o.operator {
		return 0
	}
	return o.depth()
}

// accountAt is an account at a source, or at a network.
type accountAt struct {
	account regulation.Account
	at      netip.Prefix
}

// locks counts failures by (account, source) and by source, and both by the networks around the
// source too: there as many are allowed as source.Path.Share sources may have. Attempts through relays have tables of their
// own: a relay tells the address, and one that invents it must not lock a customer who comes from there by himself, nor have him
// trusted. They count by the account alone as well.
type locks struct {
	mu      sync.Mutex
	direct  failures
	relayed failures                    // of attempts through relays
	account buckets[regulation.Account] // of these too, by the account alone
}

// failures are those of the attempts that came one way.
type failures struct {
	accounts [source.Levels]buckets[accountAt]
	sources  [source.Levels]buckets[netip.Prefix]
	good     *simplelru.LRU[netip.Prefix, time.Time] // when a login was last accepted from a source
}

func newLocks(most, mostOfSource int, decay time.Duration) *locks {
	return &locks{
		direct: newFailures(most, mostOfSource, decay), relayed: newFailures(most, mostOfSource, decay),
		account: newBuckets[regulation.Account](relayedFailures, relayedDecay),
	}
}

func newFailures(most, mostOfSource int, decay time.Duration) (f failures) {
	// The only error is a size below 1.
	f.good, _ = simplelru.NewLRU[netip.Prefix, time.Time](MaxBuckets, nil)
	for i := range source.Levels {
		f.accounts[i] = newBuckets[accountAt](most, decay)
		f.sources[i] = newBuckets[netip.Prefix](mostOfSource, decay)
	}
	return f
}

// of is where the attempt counts.
func (l *locks) of(o *origin) *failures {
	if o.relayed || o.operator {
		return &l.relayed
	}
	return &l.direct
}

// locked returns reason.AccountLocked, reason.SourceLocked, or reason.OK for neither.
func (l *locks) locked(o *origin, now time.Time) reason.Reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lockedNow(o, now)
}

func (l *locks) lockedNow(o *origin, now time.Time) reason.Reason {
	if o.relayed && l.account.full(o.account, 1, now) {
		return reason.AccountLocked
	}
	f := l.of(o)
	for i := range f.levels(o, now) {
		at, share := o.path.At(i), o.path.Share(i)
		switch {
		case i < o.sources() && f.sources[i].full(at, share, now):
			return reason.SourceLocked
		case f.accounts[i].full(accountAt{o.account, at}, share, now):
			return reason.AccountLocked
		}
	}
	return reason.OK
}

// levels is how many levels can lock o. A source from which a login was accepted does not pay
// for its neighbours: only an attack on many sources of one network fills that one's buckets,
// and its customers are not to be locked out by it.
func (f *failures) levels(o *origin, now time.Time) int {
	if f.isGood(o, now) {
		return min(1, o.depth())
	}
	return o.depth()
}

func (f *failures) isGood(o *origin, now time.Time) bool {
	at, known := f.good.Peek(o.path.Source())
	return known && now.Sub(at) < trustedFor
}

// rank is where o waits for a slot.
func (l *locks) rank(o *origin, now time.Time) rank {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.of(o)
	if f.isGood(o, now) {
		return trusted
	}
	for i := range o.sources() {
		if share := o.path.Share(i); f.sources[i].level(o.path.At(i), share, now) >= share {
			return suspect
		}
	}
	return unknown
}

// reserve takes room in all buckets for the failure that the attempt may become. It
// returns reason.OK, which obliges the caller to settle, or why it took none: the attempt is
// locked, or (reason.Overloaded) the attempts in flight already hold all the room that is left.
func (l *locks) reserve(o *origin, now time.Time) reason.Reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	if why := l.lockedNow(o, now); why != reason.OK {
		return why
	}
	f := l.of(o)
	for i := range f.levels(o, now) {
		at, share := o.path.At(i), o.path.Share(i)
		if !f.accounts[i].room(accountAt{o.account, at}, share, now) || i < o.sources() && !f.sources[i].room(at, share, now) {
			return reason.Overloaded
		}
	}
	if o.relayed {
		if !l.account.room(o.account, 1, now) {
			return reason.Overloaded
		}
		l.account.inFlight[o.account]++
	}
	for i := range o.depth() {
		f.accounts[i].inFlight[accountAt{o.account, o.path.At(i)}]++
	}
	for i := range o.sources() {
		f.sources[i].inFlight[o.path.At(i)]++
	}
	return reason.OK
}

// settle gives the room back and, if the attempt failed, fills it for good. A success
// empties the bucket of (account, source). That of the source only decays, for a guesser may
// try many accounts and own one; so do those of networks.
func (l *locks) settle(o *origin, right bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.of(o)
	for i := range o.depth() {
		at := accountAt{o.account, o.path.At(i)}
		f.accounts[i].release(at)
		if !right {
			f.accounts[i].fail(at, o.path.Share(i), now)
		}
	}
	for i := range o.sources() {
		at := o.path.At(i)
		f.sources[i].release(at)
		if !right {
			f.sources[i].fail(at, o.path.Share(i), now)
		}
	}
	if o.relayed {
		l.account.release(o.account)
		if !right {
			l.account.fail(o.account, 1, now)
		}
	}
	if right {
		l.accept(o, now)
	}
}

// forgive empties the bucket of o after a success that reserved nothing.
func (l *locks) forgive(o *origin, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accept(o, now)
}

// accept leaves the lock of the account alone to its decay: a stranger behind the same relay would else have it emptied by
// the customer's own logins.
func (l *locks) accept(o *origin, now time.Time) {
	if o.depth() == 0 {
		return
	}
	f := l.of(o)
	f.accounts[0].failed.Remove(accountAt{o.account, o.path.Source()})
	f.good.Add(o.path.Source(), now)
}

// lift empties the buckets of these accounts at every source and network.
func (l *locks) lift(accounts map[regulation.Account]bool) {
	if len(accounts) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for account := range accounts {
		l.account.failed.Remove(account)
	}
	for _, f := range []*failures{&l.direct, &l.relayed} {
		for i := range f.accounts {
			for _, k := range f.accounts[i].failed.Keys() {
				if accounts[k.account] {
					f.accounts[i].failed.Remove(k)
				}
			}
		}
	}
}

// count says how many (account, source) pairs and sources are locked now; a network counts as
// one of either.
func (l *locks) count(now time.Time) (accounts, sources int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range []*failures{&l.direct, &l.relayed} {
		for i := range source.Levels {
			accounts += f.accounts[i].countFull(now)
			sources += f.sources[i].countFull(now)
		}
	}
	return accounts + l.account.countFull(now), sources
}

// buckets are leaky buckets of failures: each holds up to limit times its share of them, and
// loses as many as its share every decay.
type buckets[K comparable] struct {
	limit    int
	decay    time.Duration
	failed   *simplelru.LRU[K, *bucket]
	inFlight map[K]int // reserved; bounded by the slots of the queue
}

type bucket struct {
	failures int
	share    int
	since    time.Time // when the decay of the next failure began
}

func newBuckets[K comparable](limit int, decay time.Duration) buckets[K] {
	// The only error is a size below 1.
	failed, _ := simplelru.NewLRU[K, *bucket](MaxBuckets, nil)
	return buckets[K]{limit, decay, failed, make(map[K]int)}
}

// level is how many failures the bucket of k holds now.
func (b *buckets[K]) level(k K, share int, now time.Time) int {
	found, ok := b.failed.Get(k)
	if !ok {
		return 0
	}
	found.leak(b.decay/time.Duration(share), now)
	return found.failures
}

func (b *buckets[K]) full(k K, share int, now time.Time) bool {
	return b.level(k, share, now) >= b.limit*share
}

func (b *buckets[K]) room(k K, share int, now time.Time) bool {
	return b.level(k, share, now)+b.inFlight[k] < b.limit*share
}

func (b *buckets[K]) release(k K) {
	if b.inFlight[k]--; b.inFlight[k] <= 0 {
		delete(b.inFlight, k)
	}
}

func (b *buckets[K]) fail(k K, share int, now time.Time) {
	if b.level(k, share, now) == 0 {
		b.failed.Add(k, &bucket{1, share, now})
		return
	}
	found, _ := b.failed.Get(k)
	found.failures++
}

func (b *buckets[K]) countFull(now time.Time) int {
	full := 0
	for _, found := range b.failed.Values() {
		if found.leak(b.decay/time.Duration(found.share), now); found.failures >= b.limit*found.share {
			full++
		}
	}
	return full
}

func (b *bucket) leak(decay time.Duration, now time.Time) {
	if now.Before(b.since) {
		b.since = now // the clock went back: decay from here, not after the gap
		return
	}
	leaked := now.Sub(b.since) / decay
	b.failures = max(0, b.failures-int(min(leaked, time.Duration(b.failures))))
	b.since = b.since.Add(leaked * decay)
}
