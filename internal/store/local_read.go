package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Scan calls f for each record of the day in RecordID order; see Store. It reads one
// snapshot; while it runs the log of the file cannot be cut and grows, up to ErrLogLong.
func (l *Local) Scan(ctx context.Context, day calendar.TradingDay, f func(*Record) error) error {
	rows, err := l.db.QueryContext(ctx,
		"SELECT "+localColumns+" FROM record WHERE trading_day = ? ORDER BY record_id", int64(day))
	if err != nil {
		return readError(ctx, err)
	}
	defer rows.Close()
	var row localRow
	for n := 1; rows.Next(); n++ {
		if n%logLookRows == 0 {
			if err := l.checkLog(); err != nil {
				return err
			}
		}
		if err := row.scan(rows); err != nil {
			return readError(ctx, err)
		}
		if err := f(&row.rec); err != nil {
			return err
		}
	}
	return readError(ctx, rows.Err())
}

// logLookRows is after how many rows a long read looks at the log that it holds.
const logLookRows = 1000

// checkLog is ErrLogLong if what we read keeps the log from being cut for too long.
func (l *Local) checkLog() error {
	info, err := os.Stat(l.path + "-wal")
	if err == nil && info.Size() > l.logBytes {
		return fmt.Errorf("%w: %d bytes", ErrLogLong, info.Size())
	}
	return nil
}

// Find returns the record with that RecordID, or ErrNotFound. There is no index on the
// RecordID alone, for the sake of appends; it is looked up day by day.
func (l *Local) Find(ctx context.Context, id uuid.UUID) (Record, error) {
	days, err := l.Days(ctx)
	if err != nil {
		return Record{}, err
	}
	for _, d := range days {
		var row localRow
		err := row.scan(l.db.QueryRowContext(ctx,
			"SELECT "+localColumns+" FROM record WHERE trading_day = ? AND record_id = ?", int64(d.Day), id[:]))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Record{}, readError(ctx, err)
		}
		return row.rec, nil
	}
	return Record{}, ErrNotFound
}

// Days counts the records of each trading day, in ascending order of days.
func (l *Local) Days(ctx context.Context) ([]DayCount, error) {
	return countDays(ctx, l.Tables())
}

// Pending is how many records the file holds and the login time of the oldest, zero
// without one: with a forwarder, what PostgreSQL does not have yet.
func (l *Local) Pending(ctx context.Context) (rows int64, oldest time.Time, err error) {
	var seconds sql.NullInt64
	err = l.db.QueryRowContext(ctx,
		"SELECT (SELECT count(*) FROM record), (SELECT login_time FROM record ORDER BY seq LIMIT 1)").
		Scan(&rows, &seconds)
	if err != nil {
		return 0, time.Time{}, readError(ctx, err)
	}
	if seconds.Valid {
		oldest = instant(seconds.Int64)
	}
	return rows, oldest, nil
}

// countDays is Days on either database.
func countDays(ctx context.Context, db *Tables) ([]DayCount, error) {
	rows, err := db.QueryContext(ctx, "SELECT trading_day, count(*) FROM record GROUP BY trading_day ORDER BY trading_day")
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var days []DayCount
	for rows.Next() {
		var d DayCount
		if err := rows.Scan(&d.Day, &d.Records); err != nil {
			return nil, db.Explain(ctx, err)
		}
		days = append(days, d)
	}
	return days, db.Explain(ctx, rows.Err())
}

// readError is err of a read: of the context if that ended it, else typed.
func readError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("store: %w", context.Cause(ctx))
	}
	return localError(err)
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// localRow is what a row of table record is read into on its way to a Record.
type localRow struct {
	rec            Record
	id             []byte
	day            int32
	seconds        int64
	flag, userType int16
	crc            sql.NullInt64 // none in rows that are older than it
}

// scan reads the columns of const localColumns, which stand after those of before. The
// record's slices are new at each call. A row that is no record any more is ErrAltered.
func (r *localRow) scan(s scanner, before ...any) error {
	err := r.decode(s, before...)
	if err == nil && r.crc.Valid && r.crc.Int64 != int64(r.rec.Checksum()) {
		return fmt.Errorf("%w: its checksum does not match", ErrAltered)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return err
}

func (r *localRow) decode(s scanner, before ...any) error {
	rec := &r.rec
	err := s.Scan(append(before, &r.id, &r.day, &r.seconds, &rec.VendorID, &rec.KeyVersion, &rec.Terminal,
		&rec.Supplement, &r.flag, &rec.AppID, &rec.Account, &r.userType, &rec.FrontID, &rec.SessionID,
		&rec.Provisional, &r.crc)...)
	id, idErr := uuid.FromBytes(r.id)
	rec.ID = id // also if another column cannot be read: it is what the row is called
	if err := errors.Join(err, idErr); err != nil {
		return err
	}
	if rec.Flag, err = code[regulation.AbnormalFlag](r.flag); err != nil {
		return err
	}
	if rec.UserType, err = code[regulation.UserType](r.userType); err != nil {
		return err
	}
	rec.TradingDay = calendar.TradingDay(r.day)
	rec.LoginTime = instant(r.seconds)
	return nil
}
