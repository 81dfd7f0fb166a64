package store

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// DayOf says which trading day an instant belongs to and whether that is a guess: a
// calendar's TradingDayOf.
type DayOf func(time.Time) (day calendar.TradingDay, provisional bool)

// Reassigned is what Reassign did with the provisional records.
type Reassigned struct {
	Moved       int64 // to another day, as late records of it
	Confirmed   int64 // on the day they had; only the mark is gone
	Dropped     int64 // copies, by RecordID, of a record that was moved before
	Provisional int64 // left as they were: the calendar still does not know their day
}

// Looked is how many provisional records were looked at.
func (r Reassigned) Looked() int64 { return r.Moved + r.Confirmed + r.Dropped + r.Provisional }

// Add adds the counts of o.
func (r *Reassigned) Add(o Reassigned) {
	r.Moved += o.Moved
	r.Confirmed += o.Confirmed
	r.Dropped += o.Dropped
	r.Provisional += o.Provisional
}
