package storetest

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
)

// Observed is an Observer that remembers its calls.
type Observed struct {
	mu        sync.Mutex
	forwarded map[store.How]int // rows of batches that succeeded
	failures  []error
	Refused   map[uuid.UUID]error
	Failed    chan struct{} // receives after a failure
	troubles  []forward.DayTrouble
}

// NewObserved is an Observer that has seen nothing yet.
func NewObserved() *Observed {
	return &Observed{forwarded: make(map[store.How]int), Refused: make(map[uuid.UUID]error), Failed: make(chan struct{}, 1)}
}

// LocalCommit does nothing.
func (l *Observed) LocalCommit(int, time.Duration, error) {}

// Forwarded counts rows by their way, or keeps the error and sends to Failed.
func (l *Observed) Forwarded(rows int, how store.How, _ time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.forwarded[how] += rows
		return
	}
	l.failures = append(l.failures, err)
	select {
	case l.Failed <- struct{}{}:
	default:
	}
}

// Quarantined keeps the error in Refused.
func (l *Observed) Quarantined(id uuid.UUID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Refused[id] = err
}

// Rows that were forwarded in that way.
func (l *Observed) Rows(how store.How) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forwarded[how]
}

// Errors are those of the batches that failed.
func (l *Observed) Errors() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.failures...)
}

// DayTrouble keeps the call for Told.
func (l *Observed) DayTrouble(day calendar.TradingDay, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.troubles = append(l.troubles, forward.DayTrouble{Day: day, Err: err})
}

// Told are the calls of DayTrouble.
func (l *Observed) Told() []forward.DayTrouble {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]forward.DayTrouble(nil), l.troubles...)
}
