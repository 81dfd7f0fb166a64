package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// What the forwarder does with the local store, and what an operator does with the
// records that PostgreSQL refused.

// Oldest reads the n records with the lowest seq. It needs no cursor: rows that are done are removed, and a row that another process put
// in is found, with any seq. A mark from which it reads on would miss such rows: Release counts on from the highest seq that is in the
// file, which is below the mark once the rows up to it are removed.
func (l *Journal) Oldest(ctx context.Context, n int) ([]store.Entry, error) {
	entries, err := l.readOldest(ctx, n)
	return entries, l.writer.noteBroken(err)
}

func (l *Journal) readOldest(ctx context.Context, n int) ([]store.Entry, error) {
	return l.entries(ctx, "ORDER BY seq LIMIT ?", n)
}

func (l *Journal) entries(ctx context.Context, which string, args ...any) ([]store.Entry, error) {
	//nolint:gosec // G202: callers of this file write which
	rows, err := l.db.QueryContext(ctx, "SELECT seq, "+sqlrows.LocalColumns+" FROM record "+which, args...)
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var entries []store.Entry
	for rows.Next() {
		var seq int64
		var row Row // a new one each time: its slices are kept
		entries = append(entries, store.Entry{Altered: row.Scan(rows, &seq)})
		e := &entries[len(entries)-1]
		e.Seq, e.Record = seq, row.Record
	}
	return entries, localfile.Explain(ctx, rows.Err())
}

// trimRows is how many records one transaction removes: a few milliseconds, for which a
// login's commit waits. A whole batch at once would keep the writer for ten times as long.
const trimRows = 250

// Trim removes the records with those seqs and no other. None of the seqs is given out again:
// rows that Release or another process put in are above what the writer has given out, and a caller
// that waits for a seq takes all below for done. Between these transactions the writer commits the
// logins that came meanwhile. others are those of the seqs whose submissions another front brought to PostgreSQL first.
func (l *Journal) Trim(seqs, others []int64) error {
	for some := range slices.Chunk(seqs, trimRows) {
		list, err := json.Marshal(some)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		err = l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
			l.writer.seq = max(l.writer.seq, slices.Max(some))
			return removeForwarded(ctx, conn, string(list), others)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// MoveToQuarantine moves a record into quarantine, with PostgreSQL's error, or how it was altered. A
// column of an altered row may have become NULL, which the table refuses: ” replaces it. Those of the relay
// may be NULL.
func (l *Journal) MoveToQuarantine(seq int64, cause error) error {
	return l.writer.do(&request{work: func(ctx context.Context, conn *sql.Conn) error {
		values := "coalesce(" + strings.ReplaceAll(sqlrows.FilledColumns, ", ", ", ''), coalesce(") + ", ''), " +
			sqlrows.RelayColumns + ", " + sqlrows.SealedColumn
		insert := "INSERT INTO quarantine (seq, " + sqlrows.LocalColumns + ", error) " + //nolint:gosec // G202: names of columns
			"SELECT seq, " + values + ", crc, ? FROM record WHERE seq = ?"
		if _, err := conn.ExecContext(ctx, insert, cause.Error(), seq); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DELETE FROM record WHERE seq = ?", seq)
		return err
	}})
}

// Refused is a record in quarantine: one that PostgreSQL did not take for its data, or that
// was altered in the local store's file.
type Refused struct {
	Seq     int64 // its place in quarantine, for Discard
	Record  store.Record
	Error   string // PostgreSQL's, or how the record was altered
	Altered bool   // then Record is what could be read, and may be wrong
}

// Quarantine lists the records in quarantine, oldest first. While there is one, the report of its day
// is not complete.
func (l *Journal) Quarantine(ctx context.Context) ([]Refused, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT seq, error, "+sqlrows.LocalColumns+" FROM quarantine ORDER BY seq") //nolint:gosec // G202: names of columns
	if err != nil {
		return nil, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var all []Refused
	for rows.Next() {
		var r Refused
		var row Row
		r.Altered = row.Scan(rows, &r.Seq, &r.Error) != nil
		r.Record = row.Record
		all = append(all, r)
	}
	return all, localfile.Explain(ctx, rows.Err())
}

// LastSeq is the highest seq that was committed.
func (l *Journal) LastSeq() int64 { return l.writer.progress.last.Load() }

// Reached returns a channel that receives once that seq is committed, and perhaps before. It has
// one listener, the forwarder.
func (l *Journal) Reached(seq int64) <-chan struct{} { return l.writer.progress.reach(seq) }
