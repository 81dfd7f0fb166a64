package settlement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// progressRows is how many rows lie between two calls of Progress.
const progressRows = 10_000

// Result is the file that an export made.
type Result struct {
	Path   string
	Rows   int64
	Bytes  int64
	SHA256 [sha256.Size]byte // of the whole file
}

// RecordError says that a record cannot be put into the report. There is no file then:
// a report without it would hide a login.
type RecordError struct {
	ID  uuid.UUID
	Err error
}

func (e *RecordError) Error() string { return fmt.Sprintf("record %s: %v", e.ID, e.Err) }
func (e *RecordError) Unwrap() error { return e.Err }

// lineWriter checks records and writes their lines.
type lineWriter struct {
	out      *reportfile.Writer
	day      calendar.TradingDay
	progress func(int64)
	reported *reportedLines // left out; nil for none

	line     []byte    // reused for each row
	last     uuid.UUID // of the row before
	rows     int64
	repeated int64 // that were left out
	tally    tally
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
	return Result{Path: w.out.Path(), Rows: w.rows, Bytes: w.out.Bytes(), SHA256: w.out.Sum()}
}

func (w *lineWriter) write(r *store.Record) error {
	line := reportLine(r)
	err := w.checkPlace(r)
	if err == nil {
		err = line.Check()
	}
	if err != nil {
		return &RecordError{ID: r.ID, Err: err}
	}
	w.line = append(line.Append(w.line[:0]), '\n')
	if w.reported != nil {
		if has, err := w.reported.has(w.line); err != nil || has {
			w.last = r.ID
			w.repeated++
			return err
		}
	}
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

// reportLine is the line of a record.
func reportLine(r *store.Record) reportfile.Line {
	return reportfile.Line{VendorID: r.VendorID, KeyVersion: r.KeyVersion, Terminal: r.Terminal, Supplement: r.Supplement}
}

// checkPlace holds the record to its day and to the order, which also keeps one from being
// written twice.
func (w *lineWriter) checkPlace(r *store.Record) error {
	switch order := bytes.Compare(w.last[:], r.ID[:]); {
	case r.TradingDay != w.day:
		return fmt.Errorf("belongs to %s", r.TradingDay)
	case order == 0:
		return errors.New("appears twice, or has no RecordID")
	case order > 0:
		return errors.New("out of order")
	}
	return nil
}

func (w *lineWriter) report() {
	if w.progress != nil {
		w.progress(w.rows)
	}
}
