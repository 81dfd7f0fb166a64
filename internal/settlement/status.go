package settlement

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// DayStatus is the state of a day's report.
type DayStatus struct {
	Day         calendar.TradingDay
	Start, End  time.Time // the window; Closed says that it is over
	Closed      bool
	Records     int64 // that the store has for the day
	Provisional int64 // of them, those whose day is not certain

	Last     *store.Export // the last export, partial ones too; nil if there was none
	Reported int64         // lines of the last full export and its supplements
	Late     int64         // records that came after them
	// Moved is how many of the reported lines are records of the day no longer: they were
	// reassigned. Unaccounted is how many records the exports should have seen and do
	// not have lines for, which cannot be unless the store was tampered with or restored.
	Moved, Unaccounted int64
	// Gone is how many of the reported lines have no record any more without having been
	// reassigned; Archived, that this is the whole day, as when its partition was detached.
	Gone     int64
	Archived bool
	// Archives are the files that have records of the day which the store has not.
	Archives []store.Archive
	// Since is when the store was made, if that decides: Earlier says that the day was over before it, that the store has nothing of the
	// day, and that no obstacle is known. Its report is then another system's.
	Since   time.Time
	Earlier bool
	// HandedIn is when the report was last handed in, as a clerk noted; nil if it was not.
	HandedIn *store.HandedIn
	// ToHandIn are the exports that hold the day and were not handed in, as far as is noted.
	ToHandIn []store.Export

	// Obstacles are what keeps the report back, and what of it was waived; of a day whose window is open only that records are missing
	// which fronts brought.
	Obstacles Obstacles

	Good bool   // nothing is left to do before the report is handed in
	Next string // what to do

	NextChinese string // the same for who reads Chinese
}

// Status describes the report of one day. A day that is no trading day any more has one if it was exported before the
// calendar knew, or if records are on it. After a restore from a dump only the records are counted.
func (v *Survey) Status(ctx context.Context, now time.Time, day calendar.TradingDay) (DayStatus, error) {
	exports, err := v.Store.Exports(ctx, day)
	if err != nil {
		return DayStatus{}, err
	}
	start, end, closed, err := v.window(ctx, day, len(exports) > 0)
	if err != nil {
		return DayStatus{}, err
	}
	d := DayStatus{Day: day, Start: start, End: end, Closed: !now.Before(end)}
	if len(exports) > 0 {
		d.Last = &exports[len(exports)-1]
	}
	if closed == nil {
		if d.Obstacles, err = v.known(ctx, day, d.Closed); err != nil {
			return DayStatus{}, err
		}
	}
	chain := Chain(exports)
	err = d.count(ctx, v.Store, chain)
	if restored, is := errors.AsType[*store.AheadError](err); is {
		d.takes(adviseRestored(restored))
		return d, nil
	}
	if err != nil {
		return DayStatus{}, err
	}
	handed, err := v.Store.HandedIn(ctx, day)
	if err != nil {
		return DayStatus{}, err
	}
	d.HandedIn = LastNote(handed)
	if err = d.compareWithInstallation(ctx, v.Store); err != nil {
		return DayStatus{}, err
	}
	d.ToHandIn = ToHandIn(exports, d.HandedIn)
	if closed != nil {
		d.takes(d.adviseClosed(closed))
	} else {
		var next advice
		next, d.Good = d.nextStep(v.Calendar, len(chain) > 0)
		d.takes(next)
	}
	return d, nil
}

// known are the obstacles of a day. While its window is open fronts may hold records, but what they brought must be there: after a restore
// to an earlier moment the operator learns so at once, while the WAL that has them may still be found.
func (v *Survey) known(ctx context.Context, day calendar.TradingDay, over bool) (o Obstacles, err error) {
	if over {
		return v.Of(ctx, day)
	}
	fronts, err := v.fronts(ctx) // before records are counted
	if err != nil {
		return o, err
	}
	o.Day = day
	o.Open, err = v.missingRecords(ctx, day, fronts)
	return o, err
}

// window is the day's. Of a day that was reported or has records and is no trading day any more, closed says so instead.
func (v *Survey) window(ctx context.Context, day calendar.TradingDay, reported bool) (start, end time.Time, closed *calendar.NotTradingDayError, err error) {
	if start, end, err = v.Calendar.Window(day); !errors.As(err, &closed) {
		return start, end, nil, err
	}
	if !reported {
		here, failed := v.Store.State(ctx, day, "")
		if failed != nil || here.Records == 0 {
			return start, end, nil, cmp.Or(failed, err)
		}
	}
	return start, end, closed, nil
}

// count compares the records of the day with the exports that hold it. An *store.AheadError says that the database was
// restored, and that the records alone were counted.
func (d *DayStatus) count(ctx context.Context, s SurveyStore, chain []store.Export) error {
	var position store.Position
	for _, e := range chain {
		d.Reported += e.Rows
		position = e.Position
	}
	state, err := s.State(ctx, d.Day, position)
	if _, restored := errors.AsType[*store.AheadError](err); restored {
		here, failed := s.State(ctx, d.Day, "")
		d.Records, d.Provisional = here.Records, here.Provisional
		return cmp.Or(failed, err)
	}
	if err != nil {
		return err
	}
	d.Records, d.Late, d.Provisional = state.Records, state.Late, state.Provisional
	if d.Archives, err = archivesOf(ctx, s, d.Day); err != nil {
		return err
	}
	if len(chain) == 0 {
		d.Archived = len(d.Archives) > 0 && d.Records == 0
		return nil
	}
	left, err := s.Left(ctx)
	if err != nil {
		return err
	}
	held := d.Records - d.Late // records that the chain's position covers
	g := gone{reported: d.Reported, held: held, moved: slices.Contains(left, d.Day), files: d.Archives}
	d.Gone, d.Archived = g.missing(), g.archived() || len(d.Archives) > 0 && d.Records == 0
	d.Moved, d.Unaccounted = max(0, d.Reported-held-d.Gone), max(0, held-d.Reported)
	return nil
}

// compareWithInstallation finds days that the store was made too late for. An export of one, for which a mistyped --day is enough, is an
// empty file that no clerk should hand in.
func (d *DayStatus) compareWithInstallation(ctx context.Context, s SurveyStore) (err error) {
	if d.Reported > 0 || d.HandedIn != nil || d.Records > 0 || !d.Closed || len(d.Obstacles.Open)+len(d.Obstacles.Waived) > 0 {
		return nil
	}
	d.Since, err = s.Since(ctx)
	d.Earlier = err == nil && OverBefore(d.End, d.Since)
	return err
}

// OverBefore reports whether a day that ended at end was over before the store was made, at since: a new firm has no report of it, unless
// records of it were brought in.
func OverBefore(end, since time.Time) bool { return !end.After(since) }
