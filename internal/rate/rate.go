// Package rate has token buckets by key, of bounded number. It is pure: no clock of its own.
//
// A bucket is one number, the instant at which it is full again. When there are more keys than
// a table holds, the one that was least recently used is forgotten: its next bucket is full
// again, so the bound on keys must be above what one attacker can bring in the time that a
// bucket takes to fill, or a wider bound must hold around it.
package rate

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Limit is how much a bucket gives. The zero Limit is no bound.
type Limit struct {
	PerSecond int           // in the long run
	Every     time.Duration // or, if it is set: one in so long
	Burst     int           // at once, after a pause
}

// Times is the limit of as many buckets together.
func (l Limit) Times(n int) Limit {
	return Limit{PerSecond: l.PerSecond * n, Every: l.Every / time.Duration(n), Burst: l.Burst * n}
}

// none reports whether there is no bound.
func (l Limit) none() bool { return l.PerSecond <= 0 && l.Every <= 0 || l.Burst <= 0 }

func (l Limit) interval() time.Duration {
	if l.Every > 0 {
		return l.Every
	}
	return time.Second / time.Duration(l.PerSecond)
}

// Buckets is a table of them. It is not safe for concurrent use; make it with New.
type Buckets[K comparable] struct {
	full *simplelru.LRU[K, *time.Time] // when the bucket of a key is full again
}

// New makes a table for so many keys, at least 1.
func New[K comparable](keys int) *Buckets[K] {
	// The only error is a size below 1.
	full, _ := simplelru.NewLRU[K, *time.Time](max(keys, 1), nil)
	return &Buckets[K]{full}
}

// Has reports whether Take would find a token.
func (b *Buckets[K]) Has(k K, l Limit, now time.Time) bool {
	if l.none() {
		return true
	}
	full, known := b.full.Get(k)
	return !known || l.settle(full, now) <= time.Duration(l.Burst-1)*l.interval()
}

// Take takes a token if there is one.
func (b *Buckets[K]) Take(k K, l Limit, now time.Time) bool {
	if !b.Has(k, l, now) {
		return false
	}
	if l.none() {
		return true
	}
	full, known := b.full.Get(k)
	if !known {
		at := now
		full = &at
		b.full.Add(k, full)
	}
	*full = full.Add(l.interval())
	return true
}

// Give gives back a token that was taken under l. One of a key that was forgotten meanwhile is there already; one that time has replaced
// since it was taken is there twice, in a bucket that is full anyway.
func (b *Buckets[K]) Give(k K, l Limit) {
	if l.none() {
		return
	}
	if full, known := b.full.Peek(k); known {
		*full = full.Add(-l.interval())
	}
}

// Len is how many keys are known.
func (b *Buckets[K]) Len() int { return b.full.Len() }

// settle moves full into what l allows, and returns how long the bucket takes to be full. A clock
// that was set back, or a smaller limit, leaves an empty bucket and no debt beyond that.
func (l Limit) settle(full *time.Time, now time.Time) time.Duration {
	lowest := time.Duration(l.Burst) * l.interval()
	switch left := full.Sub(now); {
	case left < 0:
		*full = now
	case left > lowest:
		*full = now.Add(lowest)
	}
	return full.Sub(now)
}
