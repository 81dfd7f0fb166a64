package recovery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// GiveUp notes losses of this front in the ledger that reports read: PostgreSQL's, or that of the local store
// itself, which is open already.
func GiveUp(ctx context.Context, cfg *config.Config, local *journal.Journal, w store.Waiver, lost []settlement.Loss) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the waiver of what is lost cannot be noted where reports look for it: %w", err)
		}
	}()
	if cfg.Store.Driver != assemble.DriverPostgres {
		return settlement.GiveUp(ctx, local, w, lost)
	}
	pg, err := assemble.OpenPostgres(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	return settlement.GiveUp(ctx, pg, w, lost)
}

// lostOfStore is what of a damaged store could not be brought back: on the days of the records that it shows, and on
// that on which the front moved it away.
func lostOfStore(cfg *config.Config, a localfile.CorruptStore, s *repair.Salvage) (lost []settlement.Loss, err error) {
	cal, err := loadCalendar(cfg)
	if err != nil {
		return nil, err
	}
	at := a.Time
	if at.IsZero() { // the operator named the file
		info, err := os.Stat(a.Path)
		if err != nil {
			return nil, err
		}
		at = info.ModTime()
	}
	last, _ := cal.TradingDayOf(at)
	days := []calendar.TradingDay{last}
	if _, err := repair.ReadCorrupt(a.Path, func(r *repair.Salvaged) error {
		if day := r.Record.TradingDay; !slices.Contains(days, day) {
			days = append(days, day)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	slices.Sort(days)
	for _, day := range days {
		lost = append(lost, settlement.Loss{
			Day: day, Where: fmt.Sprintf("local store %s of front %d", a.Path, cfg.Front.ID), Records: s.Missing + s.Altered + s.BrokenCells,
			What: "was damaged, and not all of it could be brought back: records of this day or of others may be missing",
			Next: "reconcile with the audit log names the logins",
		})
	}
	return lost, nil
}

// LostRecord is the loss of an altered record; none if its trading day was altered too, so that no report can tell it.
func LostRecord(cfg *config.Config, r *journal.Refused) []settlement.Loss {
	if _, err := calendar.ParseTradingDay(r.Record.TradingDay.String()); err != nil {
		return nil
	}
	return []settlement.Loss{{
		Day: r.Record.TradingDay, Where: fmt.Sprintf("record %v (row %d of front %d)", r.Record.ID, r.Seq, cfg.Front.ID), Records: 1,
		What: "was altered in the front's local store, and discarded",
		Next: "reconcile with the audit log names the login",
	}}
}

// LostOfFronts is what fronts hold that are retired, and what those that did not say that they stopped may have taken since. Of which
// days the records in corrupt stores are is not known: they are counted to the days whose reports are still to be written, the last
// closed one and the current one.
func LostOfFronts(cfg *config.Config, gone []store.Front, now time.Time) ([]settlement.Loss, error) {
	if !slices.ContainsFunc(gone, func(f store.Front) bool { return f.CorruptStores > 0 || !f.Stopped }) {
		return settlement.HeldBy(gone, nil), nil
	}
	cal, err := loadCalendar(cfg)
	if err != nil {
		return nil, err
	}
	return append(settlement.HeldBy(gone, settlement.RecentDays(cal, now, 2)), settlement.NotHeardOf(gone, cal, now)...), nil
}

func loadCalendar(cfg *config.Config) (*calendar.Calendar, error) {
	cal, err := calendar.Load(cfg.CalendarFile.Path)
	if err != nil {
		return nil, fmt.Errorf("calendar_file: %s: %w", cfg.CalendarFile.Path, err)
	}
	return cal, nil
}
