package journal

import (
	"context"
	"database/sql"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Quarantined is how many records are in quarantine.
func (l *Journal) Quarantined(ctx context.Context) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine").Scan(&n)
	return n, localfile.Explain(ctx, err)
}

// Release moves records of the quarantine back among those to be forwarded, once the reason in
// PostgreSQL is mended: those with these RecordIDs, or all if none is given. Altered records stay. It
// returns how many were moved. It may be called beside a running daemon, whose forwarder finds them.
func (l *Journal) Release(ctx context.Context, ids ...uuid.UUID) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		last, err := MaxSeq(ctx, conn)
		if err != nil {
			return err
		}
		good, err := releasable(ctx, conn, ids)
		if err != nil {
			return err
		}
		for _, seq := range good {
			last++
			//nolint:gosec // G202: names of columns
			if _, err := conn.ExecContext(ctx, "INSERT INTO record (seq, "+sqlrows.LocalColumns+") SELECT ?, "+sqlrows.LocalColumns+
				" FROM quarantine WHERE seq = ? ON CONFLICT (trading_day, record_id) DO NOTHING", last, seq); err != nil {
				return err
			}
			if _, err := conn.ExecContext(ctx, "DELETE FROM quarantine WHERE seq = ?", seq); err != nil {
				return err
			}
		}
		rows = int64(len(good))
		return nil
	}})
	return rows, err
}

// releasable are the seqs of the records in quarantine that are as they were appended: of
// ids alone, if there are any.
func releasable(ctx context.Context, conn *sql.Conn, ids []uuid.UUID) (seqs []int64, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT seq, "+sqlrows.LocalColumns+" FROM quarantine ORDER BY seq") //nolint:gosec // G202: names of columns
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var row Row
		if row.Scan(rows, &seq) == nil && (len(ids) == 0 || slices.Contains(ids, row.Record.ID)) {
			seqs = append(seqs, seq)
		}
	}
	return seqs, rows.Err()
}

// Discard removes an altered record from the quarantine for good, by its Refused.Seq. The caller has
// kept what Quarantine gave of it. ErrSound: the record can be released, and stays. ErrNotFound: there
// is none. It may be called beside a running daemon.
func (l *Journal) Discard(ctx context.Context, seq int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		if err := altered(ctx, conn, seq); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DELETE FROM quarantine WHERE seq = ?", seq)
		return err
	}})
}

// altered is nil if the record in quarantine with that seq is not as it was appended. A failed read
// does not show that: so the row is fetched first, and then decoded.
func altered(ctx context.Context, conn *sql.Conn, seq int64) error {
	rows, err := conn.QueryContext(ctx, "SELECT "+sqlrows.LocalColumns+" FROM quarantine WHERE seq = ?", seq) //nolint:gosec // G202: names of columns
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return store.ErrNotFound
	}
	var row Row
	if row.Scan(rows) == nil {
		return store.ErrSound
	}
	return rows.Err()
}
