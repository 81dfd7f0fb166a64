package calendar

import (
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// How long before an end Warnings has a sentence about it. The State Council's notice for a year comes
// out in the November before it.
const (
	warnHorizon     = 60 * 24 * time.Hour
	warnProvisional = 21 * 24 * time.Hour
)

// ProvisionalYears are the years that the file marks provisional, ascending.
func (c *Calendar) ProvisionalYears() []int { return slices.Clone(c.provisional) }

// Warnings are what will soon be wrong with this calendar, for an operator, one sentence
// each; nil if nothing is.
func (c *Calendar) Warnings(now time.Time) []string {
	var w []string
	horizon := c.Horizon()
	end := horizon.Date().AddDate(0, 0, 1)
	switch left := end.Sub(now); {
	case left <= 0:
		w = append(w, fmt.Sprintf("the calendar ended on %s: every weekday is taken for a trading day; add the next year", horizon))
	case left <= warnHorizon:
		w = append(w, fmt.Sprintf("the calendar ends on %s, in %d days: add the next year", horizon, int(left/(24*time.Hour))))
	}
	if first := c.first.day(); now.Before(first.Date()) {
		w = append(w, fmt.Sprintf("the calendar begins only on %s: until then every weekday is taken for a trading day", first))
	}
	for _, year := range c.provisional {
		start := time.Date(year, 1, 1, 0, 0, 0, 0, regulation.Zone)
		if !now.Before(start.Add(-warnProvisional)) && now.Before(start.AddDate(1, 0, 0)) {
			w = append(w, fmt.Sprintf("the calendar of %d is provisional: replace it by the exchanges' notice", year))
		}
	}
	return w
}
