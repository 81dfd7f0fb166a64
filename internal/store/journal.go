package store

import (
	"context"
	"database/sql"
)

// What the forwarder does with the local store, and what an operator does with the
// records that PostgreSQL refused.

// entry is a record and its place in the order of commits.
type entry struct {
	seq int64
	rec Record
}

// oldest reads the n records with the lowest seq. There is no cursor: rows leave when
// they are done, and a row that another process put in is found, whatever its seq.
func (l *Local) oldest(ctx context.Context, n int) ([]entry, error) {
	entries, err := l.readOldest(ctx, n)
	return entries, l.writer.noteBroken(err)
}

func (l *Local) readOldest(ctx context.Context, n int) ([]entry, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT seq, "+columns+" FROM record ORDER BY seq LIMIT ?", n)
	if err != nil {
		return nil, readError(ctx, err)
	}
	defer rows.Close()
	var entries []entry
	for rows.Next() {
		var seq int64
		var row localRow // a new one each time: its slices are kept
		if err := row.scan(rows, &seq); err != nil {
			return nil, readError(ctx, err)
		}
		entries = append(entries, entry{seq, row.rec})
	}
	return entries, readError(ctx, rows.Err())
}

// trim removes the records up to and with seq through, which must have been read before:
// while they stand, every new record gets a higher seq, so none is removed unread.
func (l *Local) trim(through int64) error {
	return l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "DELETE FROM record WHERE seq <= ?", through)
		return err
	}})
}

// setAside moves a record into quarantine, with what PostgreSQL said of it.
func (l *Local) setAside(seq int64, cause error) error {
	return l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "INSERT INTO quarantine (seq, "+columns+", error) "+
			"SELECT seq, "+columns+", ? FROM record WHERE seq = ?", cause.Error(), seq); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DELETE FROM record WHERE seq = ?", seq)
		return err
	}})
}

// isAside reports whether the record with that seq is in quarantine.
func (l *Local) isAside(ctx context.Context, seq int64) (bool, error) {
	var n int
	err := l.db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine WHERE seq = ?", seq).Scan(&n)
	return n > 0, readError(ctx, err)
}

// Refused is a record in quarantine: one that PostgreSQL did not take for its data.
type Refused struct {
	Record Record
	Error  string // what PostgreSQL said
}

// Quarantine lists the records that were set aside, oldest first. While there is one,
// the report of its day is not complete.
func (l *Local) Quarantine(ctx context.Context) ([]Refused, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT error, "+columns+" FROM quarantine ORDER BY seq")
	if err != nil {
		return nil, readError(ctx, err)
	}
	defer rows.Close()
	var all []Refused
	for rows.Next() {
		var r Refused
		var row localRow
		if err := row.scan(rows, &r.Error); err != nil {
			return nil, readError(ctx, err)
		}
		r.Record = row.rec
		all = append(all, r)
	}
	return all, readError(ctx, rows.Err())
}

// Release moves all records of the quarantine back among those to be forwarded, for
// when the reason was PostgreSQL's side and is mended. It returns how many. It may be
// called beside a running daemon, whose forwarder finds them.
func (l *Local) Release(ctx context.Context) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		last, err := maxSeq(ctx, conn)
		if err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "INSERT INTO record (seq, "+columns+") SELECT ? + row_number() OVER (ORDER BY seq), "+
			columns+" FROM quarantine WHERE true ON CONFLICT (trading_day, record_id) DO NOTHING", last); err != nil {
			return err
		}
		result, err := conn.ExecContext(ctx, "DELETE FROM quarantine")
		if err != nil {
			return err
		}
		rows, err = result.RowsAffected()
		return err
	}})
	return rows, err
}
