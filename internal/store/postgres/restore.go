package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// seenByAll is an arrival that every snapshot sees: the transaction that wrote a row belongs to another database.
const seenByAll = 2

// ErrDayThere says that the store has records of the day, or a ledger of it, that a restore would mix with others.
var ErrDayThere = errors.New("store: the day is there already")

// RestoreDay brings a day back into record, in one transaction: all of it or nothing, also after a crash. Known says that the ledger of this database
// has the archive: the records then keep their arrivals, so that what its reports lack is known as before, and go beside those of the day that
// are there, so that the archives of a day come back in any order. In any other database they and the ledger of the day come as if they
// had been exported now, and nothing of the day may be there.
func (p *Store) RestoreDay(ctx context.Context, r *store.Restored, known bool, now time.Time) error {
	defer p.forgetDays()
	return p.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := restoreRecords(ctx, tx, r, known); err != nil {
			return err
		}
		if known {
			return setArchive(ctx, tx, &r.Archive, store.ArchiveRestored, now)
		}
		return restoreLedger(ctx, tx, r, now)
	})
}

// restoreRecords fills a table beside record, and brings it in once it is whole.
func restoreRecords(ctx context.Context, tx pgx.Tx, r *store.Restored, known bool) error {
	day := r.Archive.Day
	filled := "restoring_" + day.String()
	if _, err := tx.Exec(ctx, "CREATE TABLE "+filled+" (LIKE record INCLUDING ALL)"); err != nil {
		return err
	}
	source := &restoreSource{r: r, known: known}
	stored, err := tx.CopyFrom(ctx, pgx.Identifier{filled}, append(columnNames[:len(columnNames):len(columnNames)], "arrival"), source)
	if source.err != nil {
		return source.err // not what PostgreSQL says about a COPY that was ended
	}
	if err != nil {
		return err
	}
	if stored != r.Archive.Records || source.rows != stored {
		return fmt.Errorf("store: of %d records in the archive %d were restored, and all was undone", r.Archive.Records, stored)
	}
	return attachRestored(ctx, tx, filled, stored, day, known)
}

// attachRestored gives the filled table its place in record, or moves its rows to where the day has a table already: of logins that came after it
// was archived, or of another of its archives.
func attachRestored(ctx context.Context, tx pgx.Tx, filled string, rows int64, day calendar.TradingDay, known bool) error {
	table := "record_" + day.String()
	var taken, reported bool
	look := func() error {
		return tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL, EXISTS (SELECT FROM report_export WHERE day = $2)", table, int32(day)).Scan(&taken, &reported)
	}
	err := look()
	if err == nil && !taken { // only what makes a table waits for others that do
		if _, err = tx.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(partitionLock))); err == nil {
			err = look()
		}
	}
	switch {
	case err != nil:
		return err
	case taken && known:
		return moveRestored(ctx, tx, filled, rows)
	case taken:
		return fmt.Errorf("%w: table %s has records of %s, as of logins that came after it was archived: archive them first", ErrDayThere, table, day)
	case reported && !known:
		return fmt.Errorf("%w: this database has exports of %s, and never had this archive: restore it into a database of its own", ErrDayThere, day)
	}
	if _, err := tx.Exec(ctx, "ALTER TABLE "+filled+" RENAME TO "+table); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("ALTER TABLE record ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)", table, day, day+1))
	return err
}

// moveRestored keeps the earlier arrival of a record that both have, as of one that a front sent again after its day was archived: a report has it.
func moveRestored(ctx context.Context, tx pgx.Tx, filled string, rows int64) error {
	const columns = sqlrows.Columns + ", arrival"
	moved, err := tx.Exec(ctx, "INSERT INTO record AS here ("+columns+") SELECT "+columns+" FROM "+filled+
		" ON CONFLICT (record_id, trading_day) DO UPDATE SET arrival = least(here.arrival, EXCLUDED.arrival)")
	if err != nil {
		return err
	}
	if err := sqlrows.WantRows("record", moved.RowsAffected(), rows); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DROP TABLE "+filled)
	return err
}

// restoreLedger brings the day's ledger into a database that does not know it.
func restoreLedger(ctx context.Context, tx pgx.Tx, r *store.Restored, now time.Time) error {
	var position string
	if err := tx.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&position); err != nil {
		return err
	}
	for i := range r.Exports {
		e := &r.Exports[i]
		if _, err := tx.Exec(ctx, "INSERT INTO report_export "+
			"(day, number, kind, exported_at, row_count, bytes, sha256, file_name, position, version, made_on, unit_id) "+
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", int32(e.Day), e.Number, string(e.Kind), sqlrows.Micros(e.At), e.Rows, e.Bytes,
			e.SHA256[:], e.File, position, e.Version, e.Host, e.UnitID); err != nil {
			return err
		}
	}
	for i := range r.HandedIn {
		h := &r.HandedIn[i]
		if _, err := tx.Exec(ctx, "INSERT INTO handed_in (day, noted_at, noted_by, number, receipt) VALUES ($1, $2, $3, $4, $5)",
			int32(h.Day), sqlrows.Micros(h.At), h.By, h.Number, h.Receipt); err != nil {
			return err
		}
	}
	for i := range r.Waivers {
		w := &r.Waivers[i]
		obstacles, err := json.Marshal(w.Obstacles)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO waiver (day, waived_at, waived_by, reason, obstacles) VALUES ($1, $2, $3, $4, $5)",
			int32(w.Day), sqlrows.Micros(w.At), w.By, w.Reason, string(obstacles)); err != nil {
			return err
		}
	}
	a := r.Archive
	a.State, a.Changed = store.ArchiveRestored, now
	return addArchive(ctx, tx, &a)
}

// restoreSource feeds an archive to COPY.
type restoreSource struct {
	r     *store.Restored
	known bool
	rows  int64
	row   copySource
	at    int64
	err   error
}

func (s *restoreSource) Next() bool {
	rec, arrival, err := s.r.Next()
	if errors.Is(err, io.EOF) {
		return false
	}
	if s.err = err; err != nil {
		return false
	}
	if s.at = arrival; !s.known {
		s.at = seenByAll
	}
	s.rows++
	s.row = copySource{recs: []store.Record{*rec}, next: 1}
	return true
}

func (s *restoreSource) Err() error { return s.err }

func (s *restoreSource) Values() ([]any, error) {
	values, err := s.row.Values()
	return append(values[:len(values):len(values)], s.at), err
}
