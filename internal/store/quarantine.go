package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/google/uuid"
)

// Quarantined is how many records are in quarantine.
func (l *Local) Quarantined(ctx context.Context) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine").Scan(&n)
	return n, readError(ctx, err)
}

// Release moves records of the quarantine back among those to be forwarded, for when the
// reason was PostgreSQL's side and is mended: those with these RecordIDs, or all without
// any. Altered ones stay. It returns how many were moved. It may be called beside a running
// daemon, whose forwarder finds them.
func (l *Local) Release(ctx context.Context, ids ...uuid.UUID) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		last, err := maxSeq(ctx, conn)
		if err != nil {
			return err
		}
		good, err := releasable(ctx, conn, ids)
		if err != nil {
			return err
		}
		for _, seq := range good {
			last++
			if _, err := conn.ExecContext(ctx, "INSERT INTO record (seq, "+localColumns+") SELECT ?, "+localColumns+
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
	rows, err := conn.QueryContext(ctx, "SELECT seq, "+localColumns+" FROM quarantine ORDER BY seq")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var row localRow
		if row.scan(rows, &seq) == nil && (len(ids) == 0 || slices.Contains(ids, row.rec.ID)) {
			seqs = append(seqs, seq)
		}
	}
	return seqs, rows.Err()
}
