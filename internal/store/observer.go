package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Observer hears what the stores do, for metrics and the log. Its methods are called
// from the writer's and the forwarder's goroutines and must return at once.
type Observer interface {
	// LocalCommit: a commit of rows new records took d, or failed.
	LocalCommit(rows int, d time.Duration, err error)
	// Forwarded: a batch of rows was sent to PostgreSQL, or was not.
	Forwarded(rows int, how How, d time.Duration, err error)
	// Quarantined: PostgreSQL refused this record for its data and it was set aside.
	// Somebody must look at it: it is in no report.
	Quarantined(id uuid.UUID, err error)
	// DayTrouble: PostgreSQL does not take records of that day for a reason that is not
	// theirs, and they wait, while those of other days are forwarded; nil is its end. It is
	// said once, and again when the reason changes.
	DayTrouble(day calendar.TradingDay, err error)
}

// How is the way in which a batch is written to PostgreSQL.
type How string

// The two ways.
const (
	ByCopy   How = "copy"   // COPY, for rows that were never sent before
	ByUpsert How = "upsert" // insert that resolves conflicts and still writes, for rows in doubt
)

// noObserver is the Observer of those who gave none.
type noObserver struct{}

func (noObserver) LocalCommit(int, time.Duration, error)    {}
func (noObserver) Forwarded(int, How, time.Duration, error) {}
func (noObserver) Quarantined(uuid.UUID, error)             {}
func (noObserver) DayTrouble(calendar.TradingDay, error)    {}

func ObserverOrNone(o Observer) Observer {
	if o == nil {
		return noObserver{}
	}
	return o
}
