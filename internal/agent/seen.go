package agent

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// visitKey is one terminal at one relay, from its login there to its end; directVisit is that of a terminal at this relay,
// which sends each ciphertext once.
type visitKey [8]byte

var directVisit visitKey

// visitBelow is that of a terminal that an operator relay below reports: after a reconnect it sends the same ciphertext again.
func visitBelow(s *session.SubmitAttempt) visitKey {
	h := sha256.New()
	for _, part := range [][]byte{s.AppID, {0}, s.Request.UserID, {0}, s.Visit.Field} {
		h.Write(part)
	}
	return visitKey(h.Sum(nil)[:8])
}

// seen remembers the ciphertexts of a day: an honest one never comes twice, since it is padded with random bytes.
type seen struct {
	bound int

	mu    sync.Mutex
	day   int // of the year, UTC+8
	known map[[16]byte]visitKey
}

// reserve remembers ciphertext, and reports whether it came before on another visit. forget takes it back if the login came
// to nothing.
func (s *seen) reserve(ciphertext []byte, of visitKey, now time.Time) (again bool, forget func()) {
	if len(ciphertext) == 0 || s.bound == 0 {
		return false, func() {}
	}
	sum := sha256.Sum256(ciphertext)
	key := [16]byte(sum[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := now.In(regulation.Zone).YearDay(); s.known == nil || day != s.day {
		s.day, s.known = day, make(map[[16]byte]visitKey)
	}
	if before, is := s.known[key]; is {
		return before != of || of == directVisit, func() {}
	}
	if len(s.known) >= s.bound {
		return false, func() {}
	}
	s.known[key] = of
	return false, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, key)
	}
}
