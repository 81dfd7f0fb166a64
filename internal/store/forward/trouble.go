package forward

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// DayTrouble is why records of a trading day wait in the local store while PostgreSQL takes
// those of other days.
type DayTrouble struct {
	Day calendar.TradingDay
	// Blocked: it takes none of the day; else it drops some.
	Blocked bool
	Err     error
}

// Troubles lists the days whose records wait, in their order.
func (f *Forwarder) Troubles() []DayTrouble {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	all := make([]DayTrouble, 0, len(f.state.days))
	for _, t := range f.state.days {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b DayTrouble) int { return cmp.Compare(a.Day, b.Day) })
	return all
}

// DayTrouble is why records of that day wait, nil if none do.
func (f *Forwarder) DayTrouble(day calendar.TradingDay) error {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return f.state.days[day].Err
}

// blocked is why no record of that day is taken, nil if some are.
func (s *forwardState) blocked(day calendar.TradingDay) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.days[day]; t.Blocked {
		return t.Err
	}
	return nil
}

// hold notes a trouble, and reports whether its reason is another than before. A batch's numbers
// are no other reason.
func (s *forwardState) hold(day calendar.TradingDay, blocked bool, err error) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, there := s.days[day]
	news = !there || before.Blocked != blocked || blocked && before.Err.Error() != err.Error()
	if s.days == nil {
		s.days = make(map[calendar.TradingDay]DayTrouble)
	}
	s.days[day] = DayTrouble{day, blocked, err}
	return news
}

// release notes the end of a trouble, and reports whether there was one.
func (s *forwardState) release(day calendar.TradingDay) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, was = s.days[day]
	delete(s.days, day)
	return was
}

// errWaits says that a record is not sent because of its day's trouble.
var errWaits = errors.New("store: the record waits in the local store for a trouble of its trading day")

func waitsFor(trouble error) error {
	if trouble == nil {
		return errWaits
	}
	return fmt.Errorf("%w: %w", errWaits, trouble)
}

// splitDropped cuts batch into the rows that were dropped and the others.
func splitDropped(e *store.DroppedError, batch []store.Entry) (gone, rest []store.Entry) {
	missing := make(map[uuid.UUID]bool, len(e.Missing))
	for _, id := range e.Missing {
		missing[id] = true
	}
	for _, b := range batch {
		if missing[b.Record.ID] {
			gone = append(gone, b)
		} else {
			rest = append(rest, b)
		}
	}
	return gone, rest
}
