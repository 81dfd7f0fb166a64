package repair

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// recoverRows is how many rows one commit of Recover writes.
const recoverRows = 500

// Recovered is what Recover did.
type Recovered struct {
	Salvage
	Saved   int64 `json:"saved"`   // rows that the store has now and had not
	Already int64 `json:"already"` // rows that it had
}

// Recover writes every record that can be read of a corrupt store into this one, each once: a RecordID
// that is here already, also in quarantine or on another day (see Reassign), stays as it is. It may
// run beside the daemon, whose forwarder finds the rows. Rows that PostgreSQL has already are written
// again there, which changes nothing.
//
// A row keeps its seq if an export of this store may have seen it, so that it is not counted as late.
// Else it gets a new one, also where records are forwarded: the forwarder takes what is below the rows
// that it has read for done. If we crash in here, what was committed stays and the next call finds it.
func Recover(ctx context.Context, l *journal.Journal, a localfile.CorruptStore, progress func(rows int64)) (did Recovered, err error) {
	var batch []Salvaged
	provisional := int64(0)
	flush := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		saved, err := recoverBatch(l, batch)
		did.Saved, did.Already = did.Saved+saved, did.Already+int64(len(batch))-saved
		if progress != nil {
			progress(did.Saved + did.Already)
		}
		batch = batch[:0]
		return err
	}
	// Provisional records come last: damaged files may also show the old place of one that was moved
	// to its right day, and it must not come back there.
	for _, last := range []bool{false, true} {
		if last && provisional == 0 {
			break
		}
		before := did.Salvage
		did.Salvage, err = ReadCorrupt(a.Path, func(s *Salvaged) error {
			if s.Record.Provisional {
				provisional++
			}
			if s.Record.Provisional != last {
				return nil
			}
			if batch = append(batch, *s); len(batch) < recoverRows {
				return nil
			}
			return flush()
		})
		if err == nil && len(batch) > 0 {
			err = flush()
		}
		// A disk that did not give something at first may give it now, and what was to be brought back then is not.
		did.worst(&before)
		if err != nil {
			return did, err
		}
	}
	return did, nil
}

func recoverBatch(l *journal.Journal, batch []Salvaged) (saved int64, err error) {
	err = l.Write(func(ctx context.Context, conn *sql.Conn) error {
		doubted := make(map[calendar.TradingDay]bool)
		r, err := newRecoverer(ctx, conn)
		for i := 0; err == nil && i < len(batch); i++ {
			var put bool
			if put, err = r.put(ctx, conn, &batch[i]); put {
				saved++
				doubted[batch[i].Record.TradingDay] = true
			}
		}
		// Also if it was put into quarantine, from which it may be released.
		for day := range doubted {
			if err == nil {
				err = journal.DoubtForwarded(ctx, conn, day)
			}
		}
		return err
	})
	if err != nil {
		saved = 0
	}
	return saved, err
}

// recoverer is what the store held when one batch began.
type recoverer struct {
	last        int64 // highest seq given out
	exported    int64 // seqs up to this one may have been seen by an export; 0 where records are forwarded, as a life shows
	quarantined bool  // there are records in quarantine
}

func newRecoverer(ctx context.Context, conn *sql.Conn) (r recoverer, err error) {
	if r.last, err = journal.MaxSeq(ctx, conn); err != nil {
		return r, err
	}
	err = conn.QueryRowContext(ctx, `SELECT coalesce((SELECT max(position) FROM report_export WHERE NOT EXISTS (SELECT 1 FROM life)), 0),
		EXISTS (SELECT 1 FROM quarantine)`).Scan(&r.exported, &r.quarantined)
	return r, err
}

// put writes one row; false if the record is here.
func (r *recoverer) put(ctx context.Context, conn *sql.Conn, s *Salvaged) (bool, error) {
	there, err := r.has(ctx, conn, s)
	if err != nil || there {
		return false, err
	}
	if s.Refused != "" {
		r.last, r.quarantined = r.last+1, true
		return r.insert(ctx, conn, "quarantine", r.last, s)
	}
	if s.Seq <= r.exported {
		if put, err := r.insert(ctx, conn, "record", s.Seq, s); put || err != nil {
			return put, err
		}
	}
	r.last++
	return r.insert(ctx, conn, "record", r.last, s)
}

// onSomeDay walks along the days, a step each, and looks the RecordID up on each.
const onSomeDay = `WITH RECURSIVE days (day) AS (
	SELECT min(trading_day) FROM record
	UNION ALL SELECT (SELECT min(trading_day) FROM record WHERE trading_day > day) FROM days WHERE day IS NOT NULL)
	SELECT EXISTS (SELECT 1 FROM days JOIN record ON trading_day = day WHERE record_id = ?)`

// has reports whether the record is here where its own key does not show it: in quarantine,
// or, a provisional or a refused one, on any day.
func (r *recoverer) has(ctx context.Context, conn *sql.Conn, s *Salvaged) (found bool, err error) {
	if s.Record.Provisional || s.Refused != "" {
		err = conn.QueryRowContext(ctx, onSomeDay, s.Record.ID[:]).Scan(&found)
	}
	if err == nil && !found && r.quarantined {
		err = conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM quarantine WHERE record_id = ?)", s.Record.ID[:]).Scan(&found)
	}
	return found, err
}

func (r *recoverer) insert(ctx context.Context, conn *sql.Conn, table string, seq int64, s *Salvaged) (bool, error) {
	names, args := "seq, "+sqlrows.LocalColumns, journal.AppendColumns([]any{seq}, &s.Record)
	crc := sql.NullInt64{Int64: int64(s.Record.Checksum()), Valid: s.Checked} // no checksum for a row that was not checked
	args = append(args, crc)
	if s.Refused != "" {
		names, args = names+", error", append(args, s.Refused)
	}
	insert := "INSERT INTO " + table + " (" + names + ") VALUES (?" + //nolint:gosec // G202: names of ours
		strings.Repeat(", ?", len(args)-1) + ") ON CONFLICT DO NOTHING"
	result, err := conn.ExecContext(ctx, insert, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// MarkRecovered renames a corrupt store that was recovered, so that ListCorrupt does not list it any
// more; a file of another name keeps it. If we crash in here, the next Recover of what is left finds
// its records here already.
func MarkRecovered(a localfile.CorruptStore) (path string, err error) {
	dir, name := filepath.Split(a.Path)
	base, stamp, ok := strings.Cut(name, localfile.CorruptSuffix)
	if !ok {
		return a.Path, nil
	}
	path = filepath.Join(dir, base+localfile.RecoveredSuffix+stamp)
	for _, suffix := range localfile.Suffixes {
		if err := os.Rename(a.Path+suffix, path+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("store: %w", err)
		}
	}
	return path, localfile.SyncFolder(path)
}
