package local

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	stdhash "hash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tradefront/tradefront/internal/regulation"
)

// loginCache remembers verified logins for a while, so that a reconnect storm does not pay
// for argon2 again. It holds neither passwords nor anything that a password could be
// guessed from without the key, which is random and never leaves the process's memory.
type loginCache struct {
	macs     sync.Pool // of stdhash.Hash: HMAC-SHA-256 under a secret that is drawn once, whose first step each has behind it
	lifetime time.Duration
	hits     atomic.Uint64
	misses   atomic.Uint64

	mu    sync.Mutex
	until *simplelru.LRU[cacheKey, time.Time] // nil if nothing is to be remembered
}

// cacheKey is the key of one account with one password hash and one password.
type cacheKey [sha256.Size]byte

func newLoginCache(bound int, lifetime time.Duration) *loginCache {
	var secret [sha256.Size]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the program instead
	c := &loginCache{lifetime: lifetime}
	c.macs.New = func() any { return hmac.New(sha256.New, secret[:]) }
	if lifetime > 0 {
		// The only error is a bound below 1, which Options refuses.
		c.until, _ = simplelru.NewLRU[cacheKey, time.Time](bound, nil)
	}
	return c
}

// key depends on the password hash, so that a changed password ends what is remembered.
// The lengths go in too: no two triples give the same bytes.
func (c *loginCache) key(account regulation.Account, phc string, password []byte) cacheKey {
	mac := c.macs.Get().(stdhash.Hash)
	defer c.macs.Put(mac)
	mac.Reset()
	var buf [1 + regulation.MaxAccountLen]byte
	mac.Write(append(append(buf[:0], byte(len(account))), account...))
	mac.Write(append(buf[:0], byte(len(phc))))
	mac.Write([]byte(phc))
	mac.Write(password)
	overwriteBlock(mac)
	var k cacheKey
	mac.Sum(k[:0])
	return k
}

// overwriteBlock has h take one more block of zeros, so that its buffer, which Sum copies and the
// garbage collector leaves lying about, does not keep the end of a password. Half a block at a time:
// a whole one would go past an empty buffer. The zeros count as part of what is hashed.
func overwriteBlock(h io.Writer) {
	var zeros [sha256.BlockSize / 2]byte
	_, _ = h.Write(zeros[:]) // a hash never fails
	_, _ = h.Write(zeros[:]) // a hash never fails
}

// enabled reports whether anything is remembered.
func (c *loginCache) enabled() bool { return c.until != nil }

// get reports whether k is remembered, and counts a hit or a miss.
func (c *loginCache) get(k cacheKey, now time.Time) bool {
	if c.peek(k, now) {
		c.hits.Add(1)
		return true
	}
	c.misses.Add(1)
	return false
}

// peek is get without counting, for the second look of the same attempt.
func (c *loginCache) peek(k cacheKey, now time.Time) bool {
	if c.until == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	until, ok := c.until.Get(k)
	if ok && !now.Before(until) {
		c.until.Remove(k)
		return false
	}
	return ok
}

// add starts the lifetime, which later hits do not extend.
func (c *loginCache) add(k cacheKey, now time.Time) {
	if c.until == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until.Add(k, now.Add(c.lifetime))
}

func (c *loginCache) len() int {
	if c.until == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until.Len()
}
