package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// sortMemory is how many bytes each of the three sorts keeps in memory.
	sortMemory = 4 << 20
	// DefaultLimit is Options.Limit where it is 0.
	DefaultLimit = 1000
	// step is how many lines or rows lie between two looks at the context and two calls
	// of a progress function.
	step = 4096
)

// Finder finds a record by its RecordID, or store.ErrNotFound.
type Finder interface {
	Find(ctx context.Context, id uuid.UUID) (store.Record, error)
}

// Records is the store that the day's records are in: either store is one.
type Records interface {
	Finder
	// Scan calls f for each record of the day in RecordID order; see store.Store.
	Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error
	// FindAll calls f for each record with one of these RecordIDs, in no order. The record and its slices are valid only during the call.
	FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error
}

// Options are what to compare.
type Options struct {
	Day    calendar.TradingDay
	Closed []calendar.TradingDay // dates whose logins belong to Day, though they may have been answered as of a trading day that was closed since
	// Moved says that records of Day or of Closed are on other days, as after `calendar reassign`: however many are missing, each is looked up.
	Moved   bool
	UnitID  string   // 期货公司统一标识, which the report's name must have
	Audit   []string // paths of audit logs, rotated and gzipped ones too
	Records Records
	Journal Finder   // this front's local store, if its records are forwarded; may be nil
	Reports []string // of the day, the supplements too: together what was reported; none compares answered and stored alone
	TempDir string   // "" is the system's
	Limit   int      // differences of each kind that are kept; 0 for DefaultLimit

	ReadingAudit  func(done, total int64) // bytes; these three may be nil
	ReadingStore  func(done, total int64) // rows, of an unknown total
	ReadingReport func(done, total int64) // bytes
}

// Run compares. A result with faults is no error: an error means that there was none.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	r := &run{
		opt:    o,
		days:   append([]calendar.TradingDay{o.Day}, o.Closed...),
		result: &Result{Day: o.Day, Reports: o.Reports, limit: o.Limit, differences: map[Kind]*Differences{}},
		logged: extsort.New(o.TempDir, sortMemory),
		pairs:  extsort.New(o.TempDir, sortMemory),
		absent: extsort.New(o.TempDir, sortMemory),
	}
	defer r.close()
	if err := r.compare(ctx); err != nil {
		return nil, fmt.Errorf("reconcile of %s: %w", o.Day, err)
	}
	return r.result, nil
}

// run is one comparison on its way.
type run struct {
	opt     Options
	days    []calendar.TradingDay // Day and Closed
	result  *Result
	logged  *extsort.Sorter  // audit entries, by RecordID
	pairs   *extsort.Sorter  // records and lines, by ciphertext
	spans   []map[int32]span // of each audit log, by front
	absent  *extsort.Sorter  // the entries of answers of this day that are not stored on it; looked up elsewhere
	lookups int64            // how many such answers
	again   []uuid.UUID      // stored on this day, and sent again by a relay; looked up on other days
}

func (r *run) compare(ctx context.Context) error {
	if err := extsort.CheckFolder(r.opt.TempDir); err != nil {
		return err
	}
	if err := r.checkReportNames(); err != nil {
		return err
	}
	if err := r.readAudit(ctx); err != nil {
		return err
	}
	if err := r.joinStore(ctx); err != nil {
		return err
	}
	if err := r.lookUpMissing(ctx); err != nil {
		return err
	}
	if err := r.lookUpAgain(ctx); err != nil {
		return err
	}
	if err := r.readReports(ctx); err != nil {
		return err
	}
	return r.joinReport(ctx)
}

// checkReportNames refuses the report of another unit or day: every line would be a fault.
func (r *run) checkReportNames() error {
	for _, path := range r.opt.Reports {
		name, err := reportfile.ParseName(path)
		switch {
		case err != nil:
			return err
		case name.UnitID != r.opt.UnitID:
			return fmt.Errorf("%s is the report of unit %s, the configuration is of %s", path, name.UnitID, r.opt.UnitID)
		case name.Day != r.opt.Day:
			return fmt.Errorf("%s is the report of %s, not of %s", path, name.Day, r.opt.Day)
		}
	}
	return nil
}

// look reports progress, and ends the work when ctx has ended.
func look(ctx context.Context, tell func(done, total int64), done, total int64) error {
	if tell != nil {
		tell(done, total)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (r *run) close() { _ = errors.Join(r.logged.Close(), r.pairs.Close(), r.absent.Close()) } // their files go with us in any case
