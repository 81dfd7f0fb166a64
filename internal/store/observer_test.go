package store_test

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// ledger remembers what an Observer hears.
type ledger struct {
	mu          sync.Mutex
	forwarded   map[store.How]int // rows of batches that succeeded
	failures    []error
	quarantined map[uuid.UUID]error
	failed      chan struct{} // receives after a failure
	troubles    []store.DayTrouble
}

func newLedger() *ledger {
	return &ledger{forwarded: make(map[store.How]int), quarantined: make(map[uuid.UUID]error), failed: make(chan struct{}, 1)}
}

func (l *ledger) LocalCommit(int, time.Duration, error) {}

func (l *ledger) Forwarded(rows int, how store.How, _ time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.forwarded[how] += rows
		return
	}
	l.failures = append(l.failures, err)
	select {
	case l.failed <- struct{}{}:
	default:
	}
}

func (l *ledger) Quarantined(id uuid.UUID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quarantined[id] = err
}

// rows that were forwarded in that way.
func (l *ledger) rows(how store.How) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forwarded[how]
}

func (l *ledger) errors() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.failures...)
}

func (l *ledger) DayTrouble(day calendar.TradingDay, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.troubles = append(l.troubles, store.DayTrouble{Day: day, Err: err})
}

// told is what the log was told of days in trouble.
func (l *ledger) told() []store.DayTrouble {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]store.DayTrouble(nil), l.troubles...)
}
