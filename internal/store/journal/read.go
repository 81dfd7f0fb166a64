package journal

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Scan calls f for each record of the day in RecordID order; see Store. It reads one
// snapshot; while it runs the WAL cannot be folded and grows, up to ErrWALTooLong.
func (l *Journal) Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	rows, err := l.db.QueryContext(ctx,
		"SELECT "+sqlrows.LocalColumns+" FROM record WHERE trading_day = ? ORDER BY record_id", int64(day)) //nolint:gosec // G202: names of columns
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var row Row
	return l.each(ctx, rows, func() error {
		if err := row.Scan(rows); err != nil {
			return localfile.Explain(ctx, err)
		}
		return f(&row.Record)
	})
}

// each calls f at each row, and looks from time to time at the WAL that the read holds.
func (l *Journal) each(ctx context.Context, rows *sql.Rows, f func() error) error {
	for n := 1; rows.Next(); n++ {
		if n%walLookRows == 0 {
			if err := l.checkWAL(); err != nil {
				return err
			}
		}
		if err := f(); err != nil {
			return err
		}
	}
	// The last rows may have been read when ctx ended.
	return localfile.Explain(ctx, cmp.Or(rows.Err(), ctx.Err()))
}

// walLookRows is after how many rows a long read looks at the length of the WAL.
const walLookRows = 1000

// checkWAL is ErrWALTooLong if the WAL, which cannot be folded while we read, is too long.
func (l *Journal) checkWAL() error {
	info, err := os.Stat(l.path + "-wal")
	if err == nil && info.Size() > l.walBytes {
		return fmt.Errorf("%w: %d bytes", store.ErrWALTooLong, info.Size())
	}
	return nil
}

// Find returns the record with that RecordID, or ErrNotFound. There is no index on the
// RecordID alone, for the sake of appends; it is looked up day by day.
func (l *Journal) Find(ctx context.Context, id uuid.UUID) (store.Record, error) {
	days, err := l.Days(ctx)
	if err != nil {
		return store.Record{}, err
	}
	for _, d := range days {
		var row Row
		err := row.Scan(l.db.QueryRowContext(ctx,
			"SELECT "+sqlrows.LocalColumns+" FROM record WHERE trading_day = ? AND record_id = ?", int64(d.Day), id[:]))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return store.Record{}, localfile.Explain(ctx, err)
		}
		return row.Record, nil
	}
	return store.Record{}, store.ErrNotFound
}

// FindAll calls f for each record with one of these RecordIDs, in no order, and so twice for one of two days. The record and its
// slices are valid only during the call.
func (l *Journal) FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error {
	days, err := l.Days(ctx)
	if err != nil {
		return err
	}
	for _, d := range days {
		if err := l.findAllOf(ctx, d.Day, ids, f); err != nil {
			return err
		}
	}
	return nil
}

func (l *Journal) findAllOf(ctx context.Context, day calendar.TradingDay, ids []uuid.UUID, f func(*store.Record) error) error {
	find, err := l.db.PrepareContext(ctx,
		"SELECT "+sqlrows.LocalColumns+" FROM record WHERE trading_day = ? AND record_id = ?") //nolint:gosec // G202: names of columns
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer find.Close()
	var row Row
	for i := range ids {
		err := row.Scan(find.QueryRowContext(ctx, int64(day), ids[i][:]))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return localfile.Explain(ctx, err)
		}
		if err := f(&row.Record); err != nil {
			return err
		}
	}
	return nil
}

// Days counts the records of each trading day, in ascending order of days.
func (l *Journal) Days(ctx context.Context) ([]store.DayCount, error) {
	return sqlrows.CountDays(ctx, l.Tables())
}

// Pending is how many records the file holds and the login time of the oldest, zero
// without one: with a forwarder, what PostgreSQL does not have yet.
func (l *Journal) Pending(ctx context.Context) (rows int64, oldest time.Time, err error) {
	var seconds sql.NullInt64
	err = l.db.QueryRowContext(ctx,
		"SELECT (SELECT count(*) FROM record), (SELECT login_time FROM record ORDER BY seq LIMIT 1)").
		Scan(&rows, &seconds)
	if err != nil {
		return 0, time.Time{}, localfile.Explain(ctx, err)
	}
	if seconds.Valid {
		oldest = sqlrows.Instant(seconds.Int64)
	}
	return rows, oldest, nil
}

// Row is what a row of table record is read into on its way to a Record.
type Row struct {
	Record         store.Record
	id             []byte
	day            int32
	seconds        int64
	flag, userType int16
	relay          sqlrows.Relay
	Checksum       sql.NullInt64 // none in rows that are older than it
}

// Scan reads the columns before, and after them those of sqlrows.LocalColumns. The record's slices are
// new at each call. A row that is not the record that was appended is ErrAltered.
func (r *Row) Scan(s sqlrows.Scanner, before ...any) error {
	err := r.decode(s, before...)
	if err == nil && r.Checksum.Valid && r.Checksum.Int64 != int64(r.Record.Checksum()) {
		return fmt.Errorf("%w: its checksum does not match", store.ErrAltered)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %w", store.ErrAltered, err)
	}
	return err
}

func (r *Row) decode(s sqlrows.Scanner, before ...any) error {
	rec := &r.Record
	err := s.Scan(append(before, &r.id, &r.day, &r.seconds, &rec.VendorID, &rec.KeyVersion, &rec.Terminal,
		&rec.Supplement, &r.flag, &rec.AppID, &rec.Account, &r.userType, &rec.FrontID, &rec.SessionID,
		&rec.Provisional, &r.relay.AppID, &r.relay.Mode, &r.relay.VisitTime, &r.relay.LoginTime, &rec.RelaySealed, &r.Checksum)...)
	id, idErr := uuid.FromBytes(r.id)
	rec.ID = id // also if another column cannot be read: it names the row
	if err := errors.Join(err, idErr); err != nil {
		return err
	}
	if rec.Flag, err = sqlrows.Code[regulation.AbnormalFlag](r.flag); err != nil {
		return err
	}
	if rec.UserType, err = sqlrows.Code[regulation.UserType](r.userType); err != nil {
		return err
	}
	rec.TradingDay = calendar.TradingDay(r.day)
	rec.LoginTime = sqlrows.Instant(r.seconds)
	return r.relay.Into(rec)
}

// EachOfAccount calls f for each record of an account, in no order; see Scan.
func (l *Journal) EachOfAccount(ctx context.Context, account regulation.Account, f func(*store.Record) error) error {
	rows, err := l.db.QueryContext(ctx, "SELECT "+sqlrows.LocalColumns+" FROM record WHERE account = ?", string(account)) //nolint:gosec // G202: columns of ours
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer rows.Close()
	var row Row
	return l.each(ctx, rows, func() error {
		if err := row.Scan(rows); err != nil {
			return localfile.Explain(ctx, err)
		}
		return f(&row.Record)
	})
}
