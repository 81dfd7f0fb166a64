package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Due is from when on what is kept for that many years may be destroyed: the day after the last.
func Due(day calendar.TradingDay, years int) time.Time {
	return day.Date().In(regulation.Zone).AddDate(years, 0, 1)
}

// LaterStore is what an archive's ledger is kept in.
type LaterStore interface {
	Archives(ctx context.Context, day calendar.TradingDay) ([]store.Archive, error)
	SetArchive(ctx context.Context, a *store.Archive, state store.ArchiveState, at time.Time) error
}

// Known is the ledger's line of a file, nil if it has none. The file must have been verified: sum is of its content.
func Known(ctx context.Context, s LaterStore, f *File, sum [32]byte) (*store.Archive, error) {
	day, err := f.Manifest.TradingDay()
	if err != nil {
		return nil, err
	}
	all, err := s.Archives(ctx, day)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].SHA256 == sum {
			return &all[i], nil
		}
	}
	return nil, nil
}

// ErrUnknown says that no line of the ledger is of a file.
var ErrUnknown = errors.New("the ledger has no line of this file: it is another installation's, or was changed")

// Drop removes the detached table of a day, after its file was verified and is the ledger's.
func Drop(ctx context.Context, s LaterStore, path string, now time.Time) (*store.Archive, error) {
	a, err := verified(ctx, s, path)
	if err != nil {
		return nil, err
	}
	if a.State != store.ArchiveDetached {
		return nil, fmt.Errorf("archive: %s of %s is %s, there is no detached table to drop", a.File, a.Day, a.State)
	}
	return a, s.SetArchive(ctx, a, store.ArchiveDropped, now)
}

func verified(ctx context.Context, s LaterStore, path string) (a *store.Archive, err error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum, err := f.Verify()
	if err != nil {
		return nil, err
	}
	if a, err = Known(ctx, s, f, sum); err == nil && a == nil {
		err = fmt.Errorf("archive: %s: %w", path, ErrUnknown)
	}
	return a, err
}

// Destroy removes the file of an archive after its time, and the detached table if it is there.
//
// Crash here: the ledger says destroyed and the file is there. Running it again removes it.
func Destroy(ctx context.Context, s LaterStore, path string, years int, now time.Time) (*store.Archive, error) {
	a, err := verified(ctx, s, path)
	if err != nil {
		return nil, err
	}
	if due := Due(a.Day, years); now.Before(due) {
		return nil, fmt.Errorf("archive: %s is of %s and is kept for %d years (retention.records_years): it may be destroyed from %s on, and nothing was done",
			path, a.Day, years, due.Format(time.DateOnly))
	}
	if a.State == store.ArchiveRestored {
		return nil, fmt.Errorf("archive: the records of %s are in the store again: archive the day once more, and destroy that file too", a.Day)
	}
	if a.State != store.ArchiveDestroyed {
		if err := s.SetArchive(ctx, a, store.ArchiveDestroyed, now); err != nil {
			return nil, err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return a, files.SyncFolder(filepath.Dir(path))
}

// RestoringStore takes a day back.
type RestoringStore interface {
	LaterStore
	// RestoreDay takes all of the day or nothing. known says that the ledger has its file.
	RestoreDay(ctx context.Context, r *store.Restored, known bool, now time.Time) error
}

// Restore brings the day of a file back into a store: into the database that archived it, or into another that has nothing of the day.
func Restore(ctx context.Context, s RestoringStore, path string, now time.Time) (_ *store.Archive, err error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum, err := f.Verify()
	if err != nil {
		return nil, err
	}
	known, err := Known(ctx, s, f, sum)
	if err != nil {
		return nil, err
	}
	r, err := f.restored(sum)
	if err != nil {
		return nil, err
	}
	if known != nil {
		if !known.Apart() {
			return nil, fmt.Errorf("archive: the ledger says that %s of %s is %s", known.File, known.Day, known.State)
		}
		r.Archive = *known
	}
	next, stop := iter.Pull2(f.each)
	defer stop()
	r.Next = func() (*store.Record, int64, error) { return pulled(next()) }
	return &r.Archive, s.RestoreDay(ctx, r, known != nil, now)
}

// restored is what the manifest and the ledger of the file say.
func (a *File) restored(sum [32]byte) (*store.Restored, error) {
	day, err := a.Manifest.TradingDay()
	if err != nil {
		return nil, err
	}
	var ledger Ledger
	if err := a.JSON(ledgerMember, &ledger); err != nil {
		return nil, err
	}
	m := &a.Manifest
	r := &store.Restored{Archive: store.Archive{
		Day: day, Number: m.Number, File: filepath.Base(a.path), SHA256: sum, Bytes: a.Bytes, Records: m.Records, At: m.Made, By: m.By, Version: m.Version,
	}}
	r.Exports, r.HandedIn, r.Waivers, err = ledger.rows(day)
	return r, err
}

// arrived is a record with the transaction that wrote it.
type arrived struct {
	rec     *store.Record
	arrival int64
}

// each yields the records, and an error as the last.
func (a *File) each(yield func(arrived, error) bool) {
	err := a.Records(func(rec *store.Record, arrival int64) error {
		if !yield(arrived{rec, arrival}, nil) {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		yield(arrived{}, err)
	}
}

func pulled(r arrived, err error, ok bool) (*store.Record, int64, error) {
	if !ok {
		return nil, 0, io.EOF
	}
	return r.rec, r.arrival, err
}
