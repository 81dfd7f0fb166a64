package settlement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// maxUnitID is the longest 期货公司统一标识 in bytes.
	maxUnitID = 10
	// progressRows is how many rows lie between two calls of Progress.
	progressRows = 10_000
)

// Records is where an export reads: store.Store is one.
type Records interface {
	// Scan calls f for each record of the day in RecordID order. The record is valid
	// during the call. An error of f ends the scan and is returned.
	Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error
}

// Options are what to export and where to.
type Options struct {
	Records  Records
	UnitID   string // 期货公司统一标识, 1 to 10 digits and letters
	Day      calendar.TradingDay
	OutDir   string           // must exist
	Progress func(rows int64) // called now and then, and at the end; may be nil
}

// Result is the file that an export made.
type Result struct {
	Path   string
	Rows   int64
	Bytes  int64
	SHA256 [sha256.Size]byte // of the whole file
}

// RecordError says that a record cannot stand in the report. There is no file then:
// a report without it would hide a login.
type RecordError struct {
	ID  uuid.UUID
	Err error
}

func (e *RecordError) Error() string { return fmt.Sprintf("record %s: %v", e.ID, e.Err) }
func (e *RecordError) Unwrap() error { return e.Err }

// FileName is the name of a unit's report of the day.
func FileName(unitID string, day calendar.TradingDay) string {
	return unitID + "clientinfo" + day.String() + ".txt"
}

// Export writes the report of one trading day. On any error, and when ctx ends, no file is
// made and one that was there stays as it was. The error is a *RecordError if a record is
// the cause.
func Export(ctx context.Context, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, fmt.Errorf("export: %w", err)
	}
	out, err := createReport(o.OutDir, FileName(o.UnitID, o.Day))
	if err != nil {
		return Result{}, fmt.Errorf("export: %w", err)
	}
	defer out.discard() // does nothing once committed

	w := &lineWriter{out: out, day: o.Day, progress: o.Progress}
	err = w.writeAll(ctx, func(f func(*store.Record) error) error { return o.Records.Scan(ctx, o.Day, f) })
	if err != nil {
		return Result{}, fmt.Errorf("export of %s: %w", o.Day, err)
	}
	if err := out.commit(); err != nil {
		return Result{}, fmt.Errorf("export of %s: %w", o.Day, err)
	}
	w.report()
	return w.result(), nil
}

func (o *Options) check() error {
	if err := checkUnitID(o.UnitID); err != nil {
		return err
	}
	if _, err := calendar.ParseTradingDay(o.Day.String()); err != nil {
		return err
	}
	return nil
}

// checkUnitID: the unit's ID begins a file name.
func checkUnitID(id string) error {
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if id == "" || len(id) > maxUnitID || strings.Trim(id, alphanumeric) != "" {
		return fmt.Errorf("report unit ID: want 1 to %d digits and letters", maxUnitID)
	}
	return nil
}

// lineWriter checks records and writes their lines.
type lineWriter struct {
	out      *reportFile
	day      calendar.TradingDay
	progress func(int64)

	line  []byte    // reused for each row
	last  uuid.UUID // of the row before
	rows  int64
	tally tally
}

// writeAll writes every record that scan calls its function with.
func (w *lineWriter) writeAll(ctx context.Context, scan func(func(*store.Record) error) error) error {
	err := scan(func(r *store.Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.write(r)
	})
	if err == nil {
		err = ctx.Err() // a scan that was cut short must not pass for a short day
	}
	return err
}

func (w *lineWriter) result() Result {
	return Result{Path: w.out.path, Rows: w.rows, Bytes: w.out.bytes, SHA256: w.out.sum()}
}

func (w *lineWriter) write(r *store.Record) error {
	if err := w.check(r); err != nil {
		return &RecordError{ID: r.ID, Err: err}
	}
	w.line = append(appendLine(w.line[:0], r.VendorID, r.KeyVersion, r.Terminal, r.Supplement), '\n')
	if _, err := w.out.Write(w.line); err != nil {
		return err
	}
	w.tally.count(r)
	w.last = r.ID
	w.rows++
	if w.rows%progressRows == 0 {
		w.report()
	}
	return nil
}

// check holds the record to the form of a line, to its day and to the order, which also
// keeps one from standing twice.
func (w *lineWriter) check(r *store.Record) error {
	switch order := bytes.Compare(w.last[:], r.ID[:]); {
	case r.TradingDay != w.day:
		return fmt.Errorf("belongs to %s", r.TradingDay)
	case order == 0:
		return errors.New("stands twice, or has no RecordID")
	case order > 0:
		return errors.New("out of order")
	}
	return checkLine(r.VendorID, r.KeyVersion, r.Terminal, r.Supplement)
}

func (w *lineWriter) report() {
	if w.progress != nil {
		w.progress(w.rows)
	}
}
