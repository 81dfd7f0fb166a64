package auditsearch

import (
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Moment reads a bound of time as people write it. A day alone is its beginning, as the upper bound its end.
func Moment(text string, upper bool, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	now = now.In(regulation.Zone)
	if t, err := time.ParseInLocation(time.DateOnly, text, regulation.Zone); err == nil {
		if upper {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	for _, layout := range []string{
		time.RFC3339, regulation.TimeLayout, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04",
	} {
		if t, err := time.ParseInLocation(layout, text, regulation.Zone); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, regulation.Zone), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: want 2026-01-31, \"2026-01-31 09:00\", 09:00 for today (all UTC+8), RFC 3339, or 2h for two hours ago", text)
}
