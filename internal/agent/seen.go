package agent

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// seen remembers the ciphertexts of a day: an honest one never comes twice, since it is padded with random bytes. Only a relay
// below that has connected again sends that of the morning once more, for the same visit, as it may at a front.
type seen struct {
	bound int

	mu    sync.Mutex
	day   int // of the year, UTC+8
	known map[[16]byte]visitSum
}

// visitSum names the visit that a ciphertext came on; zero of a terminal that logs in by itself.
type visitSum [8]byte

// visitSumOf is the visit that a relay below tells of: account, AppID, address, port and login time of the terminal, and the relay.
func visitSumOf(attempt *session.LoginAttempt) (v visitSum) {
	if attempt.Relayed == nil {
		return v
	}
	told := attempt.Relayed.Field
	b := append(append([]byte(nil), attempt.AppID...), 0)
	b = append(append(b, attempt.UserID...), 0)
	sum := sha256.Sum256(append(b, told[:max(0, len(told)-1)]...)) // the last is the terminal's type
	copy(v[:], sum[:])
	v[0] |= 1 // never zero
	return v
}

// reserve remembers ciphertext, and reports whether it came before, on another visit. forget takes it back if the login came to
// nothing.
func (s *seen) reserve(ciphertext []byte, visit visitSum, now time.Time) (again bool, forget func()) {
	if len(ciphertext) == 0 || s.bound == 0 {
		return false, func() {}
	}
	sum := sha256.Sum256(ciphertext)
	key := [16]byte(sum[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := now.In(regulation.Zone).YearDay(); s.known == nil || day != s.day {
		s.day, s.known = day, make(map[[16]byte]visitSum)
	}
	if first, known := s.known[key]; known {
		return first != visit || visit == (visitSum{}), func() {}
	}
	if len(s.known) >= s.bound {
		return false, func() {}
	}
	s.known[key] = visit
	return false, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, key)
	}
}
