package sqlrows

import (
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// ReassignRows is how many provisional records one transaction looks at.
const ReassignRows = 500

// Provisional is a record whose trading day is not certain.
type Provisional struct {
	ID   uuid.UUID
	Day  calendar.TradingDay
	Time int64 // seconds since 1970, of the login
	Seq  int64 // in the local store
}

// Move is what has to be done with the records of one day that belong to another, or,
// if from equals to, are confirmed.
type Move struct{ From, To calendar.TradingDay }

// SortOut decides what is done with each record of batch, and counts those that stay as they are.
func SortOut(batch []Provisional, dayOf store.DayOf) (moves map[Move][]Provisional, left int64) {
	moves = make(map[Move][]Provisional)
	for _, p := range batch {
		day, guess := dayOf(Instant(p.Time))
		if guess {
			left++
			continue
		}
		m := Move{p.Day, day}
		moves[m] = append(moves[m], p)
	}
	return moves, left
}

// EachBatch calls f, which works on the provisional records after the cursor and returns
// them, until there are no more, and tells progress how many were looked at. The cursor
// passes over those that stay provisional.
func EachBatch(progress func(int64), f func(after Provisional) ([]Provisional, store.Reassigned, error)) (total store.Reassigned, err error) {
	after := Provisional{Time: -1 << 62}
	for {
		batch, did, err := f(after)
		if err != nil {
			return total, err
		}
		total.Add(did)
		if progress != nil {
			progress(total.Looked())
		}
		if len(batch) < ReassignRows {
			return total, nil
		}
		after = batch[len(batch)-1]
	}
}
