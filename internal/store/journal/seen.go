package journal

import (
	"context"
	"database/sql"
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// forgetRows is how many rows ForgetSeen removes in one transaction: logins wait for it.
const forgetRows = 4096

// SeenTerminals calls f for each ciphertext that was remembered for that day or a later one,
// in the order of commits; one may come twice. f ends it by returning false.
func (l *Journal) SeenTerminals(ctx context.Context, from calendar.TradingDay, f func(calendar.TradingDay, store.SeenHash) bool) error {
	rows, err := l.db.QueryContext(ctx, "SELECT trading_day, hash FROM seen_terminal WHERE trading_day >= ? ORDER BY id", int64(from))
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			day  int64
			hash sql.RawBytes
			seen store.SeenHash
		)
		if err := rows.Scan(&day, &hash); err != nil {
			return localfile.Explain(ctx, err)
		}
		copy(seen[:], hash)
		if !f(calendar.TradingDay(day), seen) {
			return nil
		}
	}
	return localfile.Explain(ctx, rows.Err())
}

// ForgetSeen removes what was remembered for the days before that one, some rows at a time:
// beside it logins go on. A crash leaves the rest to the next call.
func (l *Journal) ForgetSeen(ctx context.Context, before calendar.TradingDay) (rows int64, err error) {
	for {
		// Found by a reader, so that the one writer is not held up by looking.
		var last sql.NullInt64
		err := l.db.QueryRowContext(ctx, "SELECT max(id) FROM (SELECT id FROM seen_terminal WHERE trading_day < ? ORDER BY id LIMIT ?)",
			int64(before), forgetRows).Scan(&last)
		if err != nil || !last.Valid {
			return rows, localfile.Explain(ctx, err)
		}
		n, err := l.forgetThrough(last.Int64, before)
		if err != nil {
			return rows, err
		}
		rows += n
	}
}

func (l *Journal) forgetThrough(last int64, before calendar.TradingDay) (rows int64, err error) {
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		result, err := conn.ExecContext(ctx, "DELETE FROM seen_terminal WHERE id <= ? AND trading_day < ?", last, int64(before))
		if err != nil {
			return err
		}
		rows, err = result.RowsAffected()
		return err
	}})
	return rows, err
}

// seenInserter writes the SeenHash of each record that has one, in the transaction that
// writes the record. Two statements, as inserter has.
type seenInserter struct {
	single, chunk *sql.Stmt
	args          []any // reused
}

func newSeenInserter(ctx context.Context, conn *sql.Conn) (*seenInserter, error) {
	single, err := conn.PrepareContext(ctx, insertSeenSQL(1))
	if err != nil {
		return nil, err
	}
	chunk, err := conn.PrepareContext(ctx, insertSeenSQL(chunkRows))
	if err != nil {
		return nil, err
	}
	return &seenInserter{single: single, chunk: chunk}, nil
}

func (s *seenInserter) close() { _, _ = s.single.Close(), s.chunk.Close() }

func insertSeenSQL(rows int) string {
	return "INSERT INTO seen_terminal (trading_day, hash) VALUES (?,?)" + strings.Repeat(",(?,?)", rows-1)
}

// insert looks at the records of Append only: those of Put are no logins of this moment.
func (s *seenInserter) insert(ctx context.Context, batch []*request) error {
	const width = 2
	s.args = s.args[:0]
	defer func() { clear(s.args) }()
	for _, r := range batch {
		if r.one == nil || r.one.Seen == (store.SeenHash{}) {
			continue
		}
		s.args = append(s.args, int64(r.one.TradingDay), r.one.Seen[:])
		if len(s.args) == chunkRows*width {
			if _, err := s.chunk.ExecContext(ctx, s.args...); err != nil {
				return err
			}
			s.args = s.args[:0]
		}
	}
	for i := 0; i < len(s.args); i += width {
		if _, err := s.single.ExecContext(ctx, s.args[i:i+width]...); err != nil {
			return err
		}
	}
	return nil
}
