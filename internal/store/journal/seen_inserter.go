package journal

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// seenInserter writes the hashes of a commit's ciphertexts: one row a trading day, which is one row a commit at all times but
// the day's end.
type seenInserter struct {
	insert         directStmt
	day            calendar.TradingDay // of those that wait
	hashes, visits []byte
	visited        bool // some visit is not zero
}

// prepareSeen prepares the statement. The caller closes it, also after an error.
func prepareSeen(ctx context.Context, d *direct) (s *seenInserter, err error) {
	s = new(seenInserter)
	s.insert, err = d.prepare(ctx, "INSERT INTO seen_terminals (trading_day, hashes, visits) VALUES (?,?,?)", 3)
	return s, err
}

// write writes the hashes of Append's records only: the records of Put are no logins of this
// moment, and a submission that came again has its hash already. It is called inside direct.do.
func (s *seenInserter) write(ctx context.Context, batch []*request) error {
	s.begin(0) // what a batch that failed left
	for _, r := range batch {
		if r.one == nil || r.earlier != nil || r.one.Seen == (store.SeenHash{}) {
			continue
		}
		if r.one.TradingDay != s.day {
			if err := s.end(ctx); err != nil {
				return err
			}
			s.begin(r.one.TradingDay)
		}
		s.hashes = append(s.hashes, r.one.Seen[:]...)
		s.visits = append(s.visits, r.one.SeenVisit[:]...)
		s.visited = s.visited || r.one.SeenVisit != (store.VisitHash{})
	}
	return s.end(ctx)
}

func (s *seenInserter) begin(day calendar.TradingDay) {
	s.day, s.hashes, s.visits, s.visited = day, s.hashes[:0], s.visits[:0], false
}

// end writes the row of those that wait, if any do.
func (s *seenInserter) end(ctx context.Context) error {
	if len(s.hashes) == 0 {
		return nil
	}
	var visits any // NULL in direct mode
	if s.visited {
		visits = s.visits
	}
	_, err := s.insert.exec(ctx, []any{int64(s.day), s.hashes, visits})
	return err
}
