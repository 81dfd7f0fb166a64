package settlement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/show"
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
	// HandedIn is when the report was last handed in, as a clerk noted; nil if it was not.
	HandedIn *store.HandedIn

	// Obstacles are what keeps the report back, and what of it was waived; only of a day that
	// has closed.
	Obstacles Obstacles

	Good bool   // nothing is left to do before the report is handed in
	Next string // what to do
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
	if d.Closed && closed == nil {
		if d.Obstacles, err = v.Of(ctx, day); err != nil {
			return DayStatus{}, err
		}
	}
	chain := Chain(exports)
	err = d.count(ctx, v.Store, chain)
	if restored, is := errors.AsType[*store.AheadError](err); is {
		d.Next = restored.Error()
		return d, nil
	}
	if err != nil {
		return DayStatus{}, err
	}
	handed, err := v.Store.HandedIn(ctx, day)
	if err != nil {
		return DayStatus{}, err
	}
	if len(handed) > 0 {
		d.HandedIn = &handed[len(handed)-1]
	}
	if closed != nil {
		d.Next = d.adviseClosed(closed)
	} else {
		d.Next, d.Good = d.advise(v.Calendar, len(chain) > 0)
	}
	return d, nil
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

// adviseClosed says what to do about a day that is no trading day any more.
func (d *DayStatus) adviseClosed(closed *calendar.NotTradingDayError) (next string) {
	next = closed.Error()
	if d.Last != nil {
		next += "; it was reported as one when the calendar did not know it: tell those to whom you gave that report"
	}
	if d.Records > 0 {
		next += fmt.Sprintf("; it holds %d records, which no report of the days after it has: calendar reassign", d.Records)
	}
	return next
}

// advise says what to do first.
func (d *DayStatus) advise(cal *calendar.Calendar, exported bool) (next string, good bool) {
	again := fmt.Sprintf("export the day again: report export --day %s", d.Day)
	if d.HandedIn != nil {
		again += " --force --reason TEXT, and hand the new file in, since the one before was handed in"
	}
	_, guess := cal.TradingDayOf(d.Start)
	switch {
	case d.Provisional > 0 && !guess:
		return fmt.Sprintf("%d records were given this day by a calendar that did not know it yet: calendar reassign", d.Provisional), false
	case !d.Closed:
		return "wait: the window closes at " + show.Time(d.End), false
	case d.Archived && d.Late > 0:
		return fmt.Sprintf("%d records came after the day was archived, and no report has them: report waive --day %s, then report export --supplement --day %s",
			d.Late, d.Day, d.Day), false
	case d.Archived && len(d.Archives) > 0:
		return fmt.Sprintf("archived: its records are in %s; keep that file, and do not export the day again", fileNames(d.Archives)), true
	case d.Archived:
		return fmt.Sprintf("archived: its records are in %s of %s and not in the store any more; keep that file, and do not export the day again",
			d.Last.File, show.Time(d.Last.At)), true
	case len(d.Obstacles.Open) > 0:
		return d.Obstacles.Open[0].String(), false
	case !exported:
		return fmt.Sprintf("report export --day %s", d.Day), false
	case d.Unaccounted > 0:
		return fmt.Sprintf("%d records are in no report although they were there when it was made; %s", d.Unaccounted, again), false
	case d.Moved > 0:
		return fmt.Sprintf("%d lines of the report are records of another day now; %s", d.Moved, again), false
	case d.Late > 0:
		return fmt.Sprintf("%d records came late: report export --supplement --day %s", d.Late, d.Day), false
	case d.Provisional > 0:
		return fmt.Sprintf("%d records rest on a provisional calendar: replace it by the exchanges' notice, then calendar reassign", d.Provisional), false
	}
	if n := len(d.Obstacles.Waived); n > 0 {
		return fmt.Sprintf("INCOMPLETE as far as is known, and waived (%d): %s", n, &d.Obstacles.Waived[0]), false
	}
	if d.HandedIn != nil {
		next = "handed in, as noted at " + show.Time(d.HandedIn.At)
		if d.HandedIn.Receipt != "" {
			next += ", receipt " + d.HandedIn.Receipt
		}
		return next, true
	}
	return fmt.Sprintf("verify, hand in, and note it: report handed-in --day %s", d.Day), true
}

// Before reports whether nothing can be asked of a day, because it was over before the store was made, at since: a new
// firm has no reports of it. The time zone of the database may be off by some hours.
func (d *DayStatus) Before(since time.Time) bool {
	return d.Last == nil && d.Records == 0 && d.End.Before(since.Add(-24*time.Hour))
}
