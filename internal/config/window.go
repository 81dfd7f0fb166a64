package config

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// KeyWindow is the life of a key, half-open: [NotBefore, NotAfter). A zero time is no bound.
type KeyWindow struct{ NotBefore, NotAfter time.Time }

// Window reads NotBefore and NotAfter. After Load it cannot fail.
func (k Key) Window() (KeyWindow, error) {
	w, faults := k.window("key " + k.Version)
	return w, faults.Err()
}

// Contains reports whether the key is valid at t.
func (w KeyWindow) Contains(t time.Time) bool {
	return (w.NotBefore.IsZero() || !t.Before(w.NotBefore)) && (w.NotAfter.IsZero() || t.Before(w.NotAfter))
}

func (k Key) window(path string) (w KeyWindow, faults Faults) {
	var err error
	if w.NotBefore, err = parseMoment(k.NotBefore); err != nil {
		faults.add(path+".not_before", err.Error(), "")
	}
	if w.NotAfter, err = parseMoment(k.NotAfter); err != nil {
		faults.add(path+".not_after", err.Error(), "")
	}
	if len(faults) == 0 && !w.NotBefore.IsZero() && !w.NotAfter.IsZero() && !w.NotBefore.Before(w.NotAfter) {
		faults.add(path+".not_after", "is not after not_before: the key is never valid", "")
	}
	return w, faults
}

// parseMoment reads the three forms of a key's bound. "" is the zero time.
func parseMoment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.RFC3339, regulation.TimeLayout, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, regulation.Zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: want 2026-01-31, \"2026-01-31 15:30:00\" (both UTC+8) or RFC 3339", s)
}
