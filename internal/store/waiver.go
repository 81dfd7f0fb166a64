package store

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Waiver says that a report of a day may be written in spite of obstacles.
type Waiver struct {
	Day       calendar.TradingDay
	At        time.Time // kept to the microsecond
	By        string    // user@machine
	Reason    string
	Obstacles []Obstacle // as they were then
}

// Covers reports whether the waiver names this obstacle of its day, and the obstacle has not grown
// since. More records than were waived are not covered, nor is a number that became known, or
// unknown.
func (w *Waiver) Covers(o *Obstacle) bool {
	if !o.concerns(w.Day) {
		return false
	}
	for i := range w.Obstacles {
		was := &w.Obstacles[i]
		if was.same(o) && o.Records <= was.Records && (o.Records == 0) == (was.Records == 0) {
			return true
		}
	}
	return false
}
