package settlement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// An operator can give records up for good: retire a front that holds some, accept that a damaged store lost
// some, discard one that was altered. What kept the report back is then gone, and the records are missing all the
// same. So the command that gives them up writes a waiver, and every later report of the day repeats it.

// RecordsGivenUp is the kind of the obstacle in such a waiver. It is never open: it begins as waived.
const RecordsGivenUp store.ObstacleKind = "records_given_up"

// Loss is records of one day that are given up.
type Loss struct {
	Day     calendar.TradingDay
	Where   string // the thing that held them; the same loss noted twice has the same text
	What    string // the cause
	Records int64  // how many at most; 0 if that is not known
	Next    string // what can still be done
}

// HeldBy are the records that fronts hold, as losses in case that these are retired. Of which days the records in
// corrupt stores are is not known: they are counted to unreported, the days whose reports are still to be written.
func HeldBy(fronts []store.Front, unreported []calendar.TradingDay) (lost []Loss) {
	const next = "reconcile with its audit log names the logins; if its disk is found, start the front on it"
	for i := range fronts {
		f := &fronts[i]
		where := frontPlace(f.FrontID, f.Host, f.StoreID)
		if f.OtherLife { // this one and no other: there may be several
			where = placeOfLife(where, f.Life)
		}
		for _, day := range heldDays(f) {
			h := f.Held[day]
			lost = append(lost, Loss{
				Day: day, Where: where, Records: h.Pending + h.Quarantined, Next: next,
				What: "was retired while it held records of the day",
			})
		}
		if f.Unreadable {
			for _, day := range unreported {
				lost = append(lost, Loss{
					Day: day, Where: where + ", what it held", Next: next,
					What: "was retired while its row in PostgreSQL, of what it held, could not be read",
				})
			}
		}
		if f.CorruptStores == 0 {
			continue
		}
		for _, day := range unreported {
			lost = append(lost, Loss{
				Day: day, Where: where + ", damaged local stores", Next: next,
				What: "was retired while it had damaged local stores whose records were not brought back",
			})
		}
	}
	return lost
}

// afterLast is behind the place of a front in a loss of NotHeardOf: one front may have this loss beside that of what it held.
const afterLast = ", logins after its last report"

// NotHeardOf is what fronts that did not say that they stopped may have taken between their last report and now, in case that these are
// retired: a loss of each day of which FrontObstacles would say that the front was not heard of since.
func NotHeardOf(fronts []store.Front, cal *calendar.Calendar, now time.Time) (lost []Loss) {
	last, _ := cal.TradingDayOf(now)
	for i := range fronts {
		f := &fronts[i]
		if f.Stopped {
			continue
		}
		where := frontPlace(f.FrontID, f.Host, f.StoreID)
		if f.OtherLife {
			where = placeOfLife(where, f.Life)
		}
		first, _ := cal.TradingDayOf(earlier(f.Counted, f.Seen).Add(-FrontMargin))
		for day := first; day <= last; day = cal.Next(day) {
			lost = append(lost, Loss{
				Day: day, Where: where + afterLast,
				What: fmt.Sprintf("may be missing: it was last seen %s, did not say that it stopped, and was retired", show.Time(f.Seen)),
				Next: "reconcile with its audit log names the logins; if its disk is found, start the front on it",
			})
		}
	}
	return lost
}

// heldDays are the days of which a front holds records, in their order.
func heldDays(f *store.Front) (days []calendar.TradingDay) {
	for day, h := range f.Held {
		if h.Pending+h.Quarantined > 0 {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days
}

// GiveUp notes in the ledger that the losses were accepted, with the time, the name and the reason of w: a waiver for
// each day. It must be called before the records are given up: if we crash in between, a report is called
// incomplete that is not; a report that lacks them and does not say so would be worse.
func GiveUp(ctx context.Context, ledger WaiverStore, w store.Waiver, lost []Loss) error {
	if w.Reason = strings.TrimSpace(w.Reason); w.Reason == "" {
		return ErrNoReason
	}
	var days []calendar.TradingDay
	obstacles := make(map[calendar.TradingDay][]store.Obstacle)
	for _, l := range lost {
		if !slices.Contains(days, l.Day) {
			days = append(days, l.Day)
		}
		obstacles[l.Day] = append(obstacles[l.Day], store.Obstacle{
			Day: l.Day, Kind: RecordsGivenUp, Where: l.Where, What: l.What, Records: l.Records, Next: l.Next,
		})
	}
	for _, w.Day = range days {
		w.Obstacles = obstacles[w.Day]
		if err := addWaiver(ctx, ledger, &w); err != nil {
			return err
		}
	}
	return nil
}

// addGivenUp puts what was given up of the day to what was waived; of a loss that was noted twice the newest waiver
// counts. A front that was retired and reports again has not lost what it held; what it reports now counts.
func (o *Obstacles) addGivenUp(waivers []store.Waiver, fronts []store.Front) {
	for i := range waivers {
		w := &waivers[i]
		for _, lost := range w.Obstacles {
			if lost.Kind != RecordsGivenUp || returned(fronts, lost.Where) {
				continue
			}
			now := reportfile.Waived{Obstacle: lost, At: w.At.In(regulation.Zone), By: w.By, Reason: w.Reason}
			if known := o.givenUp(lost.Where); known >= 0 {
				o.Waived[known] = now
			} else {
				o.Waived = append(o.Waived, now)
			}
		}
	}
}

// givenUp is where among the waived the loss of that place is, -1 if it is not there.
func (o *Obstacles) givenUp(where string) (index int) {
	return slices.IndexFunc(o.Waived, func(w reportfile.Waived) bool { return w.Kind == RecordsGivenUp && w.Where == where })
}

// returned reports whether the front at that place, which was retired, reports again: no row of it is retired any more.
// A copy of its store that does not continue it has a row of its own beside the retired one.
func returned(fronts []store.Front, where string) (is bool) {
	for i := range fronts {
		f := &fronts[i]
		if frontPlace(f.FrontID, f.Host, f.StoreID) != strings.TrimSuffix(where, afterLast) {
			continue
		}
		if !f.Retired.IsZero() {
			return false
		}
		is = true
	}
	return is
}
