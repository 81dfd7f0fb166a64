package config

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

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
