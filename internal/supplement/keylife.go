package supplement

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// KeyState is what a key can be used for at an instant.
type KeyState byte

// The closed set of states, in the order in which a key goes through them.
const (
	KeyNotYet  KeyState = iota + 1 // NotBefore has not come
	KeyNewest                      // valid, and used where a terminal's version cannot be
	KeyValid                       // valid, and a newer one is too
	KeyExpired                     // NotAfter has come
)

var keyStateWords = [...]string{KeyNotYet: "not yet", KeyNewest: "newest", KeyValid: "valid", KeyExpired: "expired"}

func (s KeyState) String() string {
	if s == 0 || int(s) >= len(keyStateWords) {
		return "invalid"
	}
	return keyStateWords[s]
}

// State is the state of the key k of this ring at the instant.
func (r *KeyRing) State(k *Key, at time.Time) KeyState {
	switch newest := r.Newest(at); {
	case at.Before(k.NotBefore):
		return KeyNotYet
	case !k.validAt(at):
		return KeyExpired
	case newest.Version == k.Version:
		return KeyNewest
	}
	return KeyValid
}

// warnDays are how many days before a key ends the front warns the operator.
var warnDays = [...]int{7, 30, 60}

const day = 24 * time.Hour

// KeyWarning is something about the keys that an operator should act on before it happens.
type KeyWarning struct {
	// Subject is the version of the key that ends; "" if the ring as a whole does.
	Subject string
	// Days is the smallest of 7, 30 and 60 that the days left do not exceed; 0 if it has happened.
	Days int
	Text string
}

// Warnings are the ends of keys within the next 60 days, the worst first; nil if there are none.
//
// Two things can come. The last valid key ends and no other has begun: then no login can
// be recorded. Or a key ends while another is valid: then terminals that still use it are
// flagged 2.
//
// A third has happened when the front starts: a key is the public test key.
func (r *KeyRing) Warnings(now time.Time) []KeyWarning {
	if r.Newest(now) == nil {
		return append([]KeyWarning{{Text: "no encryption key is valid now and every login is answered 7" + r.relief(now)}}, r.warnPublic()...)
	}
	warnings := r.warnPublic()
	end := r.coveredUntil(now)
	if days := warnStage(end, now); days > 0 {
		warnings = append(warnings, KeyWarning{Days: days, Text: fmt.Sprintf(
			"no encryption key is valid from %s on, %s, and every login will be answered 7%s",
			printed(end), inDays(end.Sub(now)), r.relief(end))})
	}
	for i := range r.keys {
		k := &r.keys[i]
		days := warnStage(k.NotAfter, now)
		if days == 0 || !k.validAt(now) || k.NotAfter.Equal(end) {
			continue
		}
		warnings = append(warnings, KeyWarning{Subject: k.Version, Days: days, Text: fmt.Sprintf(
			"key version %s ends at %s, %s: terminals that still use it will be flagged 2, have them take version %s",
			k.Version, printed(k.NotAfter), inDays(k.NotAfter.Sub(now)), r.Newest(k.NotAfter).Version)})
	}
	return warnings
}

// coveredUntil is the first instant from now on at which no key is valid, the zero time if
// there is none. Some key must be valid now.
func (r *KeyRing) coveredUntil(now time.Time) time.Time {
	end := now
	for r.Newest(end) != nil { // each turn moves end to the end of another key
		latest := end
		for i := range r.keys {
			switch k := &r.keys[i]; {
			case !k.validAt(end):
			case k.NotAfter.IsZero():
				return time.Time{}
			case k.NotAfter.After(latest):
				latest = k.NotAfter
			}
		}
		end = latest
	}
	return end
}

// relief is what ends the time without a valid key that begins, or goes on, at from.
func (r *KeyRing) relief(from time.Time) string {
	var next *Key
	for i := range r.keys {
		if k := &r.keys[i]; k.NotBefore.After(from) && (next == nil || k.NotBefore.Before(next.NotBefore)) {
			next = k
		}
	}
	if next == nil {
		return ": ask the monitoring centre for a new key"
	}
	return fmt.Sprintf(", until version %s begins at %s: ask the monitoring centre for a key in between",
		next.Version, printed(next.NotBefore))
}

// warnStage is the smallest of warnDays that the time until end does not exceed, else 0.
func warnStage(end, now time.Time) int {
	if end.IsZero() {
		return 0
	}
	for _, days := range warnDays {
		if end.Sub(now) <= time.Duration(days)*day {
			return days
		}
	}
	return 0
}

func printed(t time.Time) string { return t.In(regulation.Zone).Format(regulation.TimeLayout) }

func inDays(left time.Duration) string {
	switch n := int(left / day); n {
	case 0:
		return "in less than a day"
	case 1:
		return "in one day"
	default:
		return fmt.Sprintf("in %d days", n)
	}
}
