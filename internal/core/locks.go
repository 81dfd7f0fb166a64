package core

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tradefront/tradefront/internal/regulation"
)

// MaxBuckets bounds how many (account, source) pairs, and how many sources, are
// remembered to have failed: about 150 bytes each.
const MaxBuckets = 1 << 15

// origin is who tries from where, as the locks count it.
type origin struct {
	account regulation.Account
	source  netip.Addr
}

// originOf counts IPv6 sources by /64: one customer is given that much, and could
// otherwise try from 2^64 addresses.
func originOf(account regulation.Account, source netip.Addr) origin {
	source = source.Unmap().WithZone("")
	if source.Is6() {
		// The only error is a prefix longer than the address.
		prefix, _ := source.Prefix(64)
		source = prefix.Addr()
	}
	return origin{account, source}
}

// locks counts failures by (account, source) and by source.
type locks struct {
	mu       sync.Mutex
	accounts buckets[origin]
	sources  buckets[netip.Addr]
}

func newLocks(failures, sourceFailures int, decay time.Duration) *locks {
	return &locks{
		accounts: newBuckets[origin](failures, decay),
		sources:  newBuckets[netip.Addr](sourceFailures, decay),
	}
}

// locked returns AccountLocked, SourceLocked, or 0 for neither.
func (l *locks) locked(o origin, now time.Time) Reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lockedNow(o, now)
}

func (l *locks) lockedNow(o origin, now time.Time) Reason {
	switch {
	case l.sources.full(o.source, now):
		return SourceLocked
	case l.accounts.full(o, now):
		return AccountLocked
	}
	return 0
}

// reserve takes room in both buckets for the failure that the attempt may become. It
// returns 0, which obliges the caller to settle, or why it took none: the attempt is
// locked, or (Busy) the attempts in flight already hold all the room that is left.
func (l *locks) reserve(o origin, now time.Time) Reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reason := l.lockedNow(o, now); reason != 0 {
		return reason
	}
	if !l.accounts.room(o, now) || !l.sources.room(o.source, now) {
		return Busy
	}
	l.accounts.inFlight[o]++
	l.sources.inFlight[o.source]++
	return 0
}

// settle gives the room back and, if the attempt failed, fills it for good. A success
// empties the bucket of (account, source); that of the source, who may be trying many
// accounts and own one, only decays.
func (l *locks) settle(o origin, right bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts.release(o)
	l.sources.release(o.source)
	if right {
		l.accounts.failed.Remove(o)
		return
	}
	l.accounts.fail(o, now)
	l.sources.fail(o.source, now)
}

// forgive empties the bucket of o after a success that reserved nothing.
func (l *locks) forgive(o origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts.failed.Remove(o)
}

// lift empties the buckets of these accounts at every source.
func (l *locks) lift(accounts map[regulation.Account]bool) {
	if len(accounts) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.accounts.failed.Keys() {
		if accounts[o.account] {
			l.accounts.failed.Remove(o)
		}
	}
}

// count says how many (account, source) pairs and sources are locked now.
func (l *locks) count(now time.Time) (accounts, sources int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts.countFull(now), l.sources.countFull(now)
}

// buckets are leaky buckets of failures: each holds up to limit of them and loses one
// every decay.
type buckets[K comparable] struct {
	limit    int
	decay    time.Duration
	failed   *simplelru.LRU[K, *bucket]
	inFlight map[K]int // reserved; bounded by the slots of the queue
}

type bucket struct {
	failures int
	since    time.Time // when the decay of the next failure began
}

func newBuckets[K comparable](limit int, decay time.Duration) buckets[K] {
	// The only error is a size below 1.
	failed, _ := simplelru.NewLRU[K, *bucket](MaxBuckets, nil)
	return buckets[K]{limit, decay, failed, make(map[K]int)}
}

// level is how many failures the bucket of k holds now.
func (b *buckets[K]) level(k K, now time.Time) int {
	found, ok := b.failed.Get(k)
	if !ok {
		return 0
	}
	found.leak(b.decay, now)
	return found.failures
}

func (b *buckets[K]) full(k K, now time.Time) bool { return b.level(k, now) >= b.limit }

func (b *buckets[K]) room(k K, now time.Time) bool { return b.level(k, now)+b.inFlight[k] < b.limit }

func (b *buckets[K]) release(k K) {
	if b.inFlight[k]--; b.inFlight[k] <= 0 {
		delete(b.inFlight, k)
	}
}

func (b *buckets[K]) fail(k K, now time.Time) {
	if b.level(k, now) == 0 {
		b.failed.Add(k, &bucket{1, now})
		return
	}
	found, _ := b.failed.Get(k)
	found.failures++
}

func (b *buckets[K]) countFull(now time.Time) int {
	full := 0
	for _, found := range b.failed.Values() {
		if found.leak(b.decay, now); found.failures >= b.limit {
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
