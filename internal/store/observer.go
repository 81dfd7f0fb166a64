package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Observer is told what the stores do, for metrics and the log. The writer's and the forwarder's
// goroutines call its methods, which must return at once.
type Observer interface {
	// LocalCommit is called after each commit of rows new records, which took d, or failed.
	LocalCommit(rows int, d time.Duration, err error)
	// Forwarded is called after each attempt to write a batch of rows to PostgreSQL.
	Forwarded(rows int, how How, d time.Duration, err error)
	// Quarantined is called when a record that PostgreSQL refused for its data, or that was altered,
	// went into quarantine. It is in no report until an operator releases it.
	Quarantined(id uuid.UUID, err error)
	// DayTrouble is called once when PostgreSQL does not take records of that day, which is no fault
	// of the records, and again when the reason changes; nil is the end. The records wait, while
	// those of other days are forwarded.
	DayTrouble(day calendar.TradingDay, err error)
}

// How is the way in which a batch is written to PostgreSQL.
type How string

// The two ways.
const (
	ByCopy   How = "copy"   // COPY, for rows that were never sent before
	ByUpsert How = "upsert" // insert that resolves conflicts and still writes, for rows in doubt
)

// noObserver does nothing.
type noObserver struct{}

func (noObserver) LocalCommit(int, time.Duration, error)    {}
func (noObserver) Forwarded(int, How, time.Duration, error) {}
func (noObserver) Quarantined(uuid.UUID, error)             {}
func (noObserver) DayTrouble(calendar.TradingDay, error)    {}

// ObserverOrNone is o, or an Observer that does nothing if o is nil.
func ObserverOrNone(o Observer) Observer {
	if o == nil {
		return noObserver{}
	}
	return o
}
