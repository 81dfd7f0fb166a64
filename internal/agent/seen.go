package agent

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// seen remembers the ciphertexts of a day: an honest one never comes twice, since it is padded with random bytes.
type seen struct {
	bound int

	mu    sync.Mutex
	day   int // of the year, UTC+8
	known map[[16]byte]bool
}

// reserve remembers ciphertext, and reports whether it came before. forget takes it back if the login came to nothing.
func (s *seen) reserve(ciphertext []byte, now time.Time) (again bool, forget func()) {
	if len(ciphertext) == 0 || s.bound == 0 {
		return false, func() {}
	}
	sum := sha256.Sum256(ciphertext)
	key := [16]byte(sum[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := now.In(regulation.Zone).YearDay(); s.known == nil || day != s.day {
		s.day, s.known = day, make(map[[16]byte]bool)
	}
	if s.known[key] {
		return true, func() {}
	}
	if len(s.known) >= s.bound {
		return false, func() {}
	}
	s.known[key] = true
	return false, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, key)
	}
}
