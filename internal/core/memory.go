package core

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tradefront/tradefront/internal/regulation"
)

// memory remembers verified logins for a while, so that a reconnect storm does not pay
// for argon2 again. It holds neither passwords nor anything that a password could be
// guessed from without the key, which is random and never leaves the process's memory.
type memory struct {
	secret   [sha256.Size]byte
	lifetime time.Duration
	hits     atomic.Uint64
	misses   atomic.Uint64

	mu    sync.Mutex
	until *simplelru.LRU[memo, time.Time] // nil if nothing is to be remembered
}

// memo stands for one account with one password hash and one password.
type memo [sha256.Size]byte

func newMemory(bound int, lifetime time.Duration) *memory {
	m := &memory{lifetime: lifetime}
	_, _ = rand.Read(m.secret[:]) // never fails: it ends the program instead
	if lifetime > 0 {
		// The only error is a bound below 1, which Options refuses.
		m.until, _ = simplelru.NewLRU[memo, time.Time](bound, nil)
	}
	return m
}

// key depends on the password hash, so that a changed password ends what is remembered.
// The lengths go in too: no two triples give the same bytes.
func (m *memory) key(account regulation.Account, h *hash, password []byte) memo {
	mac := hmac.New(sha256.New, m.secret[:])
	var buf [1 + regulation.MaxAccountLen]byte
	mac.Write(append(append(buf[:0], byte(len(account))), account...))
	mac.Write(append(buf[:0], byte(len(h.phc))))
	mac.Write([]byte(h.phc))
	mac.Write(password)
	overwriteBlock(mac)
	var k memo
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
func (m *memory) enabled() bool { return m.until != nil }

// remembers counts a hit or a miss.
func (m *memory) remembers(k memo, now time.Time) bool {
	if m.remembersQuietly(k, now) {
		m.hits.Add(1)
		return true
	}
	m.misses.Add(1)
	return false
}

// remembersQuietly is for the second look of the same attempt.
func (m *memory) remembersQuietly(k memo, now time.Time) bool {
	if m.until == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	until, ok := m.until.Get(k)
	if ok && !now.Before(until) {
		m.until.Remove(k)
		return false
	}
	return ok
}

// remember starts the lifetime, which later hits do not extend.
func (m *memory) remember(k memo, now time.Time) {
	if m.until == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until.Add(k, now.Add(m.lifetime))
}

func (m *memory) len() int {
	if m.until == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.until.Len()
}
