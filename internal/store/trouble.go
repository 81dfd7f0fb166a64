package store

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// DroppedError says that PostgreSQL stored fewer rows than it was sent, and gave no error:
// nothing of the batch was committed, and the rows stay where they are.
type DroppedError struct {
	Sent, Dropped int
	Missing       []uuid.UUID // the rows that were dropped, where that is known
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("store: PostgreSQL dropped %d of %d rows without an error: a trigger, rule or partition extension on table record; "+
		"find and remove it (psql: \\d record), the records are sent again until they are stored", e.Dropped, e.Sent)
}

// DayError says that PostgreSQL answers and does not take records of a trading day, which is
// no fault of the records. Nothing was recorded; those of other days may be taken.
type DayError struct {
	Day    calendar.TradingDay // 0 if the batch had records of several, and it may be any of them
	Advice string              // PostgreSQL's error, and what to do
	Err    error
}

func (e *DayError) Error() string {
	day := "a trading day"
	if e.Day != 0 {
		day = e.Day.String()
	}
	return fmt.Sprintf("store: PostgreSQL does not take the records of %s: %s", day, e.Advice)
}

// Unwrap returns PostgreSQL's error.
func (e *DayError) Unwrap() error { return e.Err }

// IsDayTrouble reports whether err concerns some rows or days only, and is no fault of the records:
// a *DayError or a *DroppedError.
func IsDayTrouble(err error) bool {
	drop, day := (*DroppedError)(nil), (*DayError)(nil)
	return errors.As(err, &drop) || errors.As(err, &day)
}
