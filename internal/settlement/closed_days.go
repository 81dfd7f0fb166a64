package settlement

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// A day can cease to be a trading day after logins were recorded on it: a holiday that was
// decreed late, or a typhoon. Its records then belong to the next trading day, and to no report until they
// are moved there.

// ClosedBefore are the dates between the trading day before day and day: no report covers them.
func (v *Survey) ClosedBefore(day calendar.TradingDay) (days []calendar.TradingDay) {
	return closedBetween(v.Calendar.Prev(day), day)
}

// closedBetween are the dates after one and before another.
func closedBetween(after, before calendar.TradingDay) (days []calendar.TradingDay) {
	for date := after.Date().AddDate(0, 0, 1); date.Before(before.Date()); date = date.AddDate(0, 0, 1) {
		days = append(days, calendar.DayOf(date))
	}
	return days
}

// recordsOfClosedDays are the records that the store has on those dates.
func (v *Survey) recordsOfClosedDays(ctx context.Context, day calendar.TradingDay) (all []store.Obstacle, err error) {
	for _, closed := range v.ClosedBefore(day) {
		state, err := v.Store.State(ctx, closed, "")
		if err != nil {
			return nil, err
		}
		if state.Records > 0 {
			all = append(all, store.Obstacle{
				Day: day, Kind: store.NoTradingDay, Where: closed.String(), Records: state.Records,
				What: fmt.Sprintf("is not a trading day, and %d records are on it, in no report", state.Records),
				Next: "tradefront calendar reassign moves them to the day that the calendar says",
			})
		}
	}
	return all, nil
}

// withClosedDays counts what fronts hold of those dates as held of the day.
func withClosedDays(fronts []store.Front, closed []calendar.TradingDay, day calendar.TradingDay) []store.Front {
	all := append([]store.Front(nil), fronts...)
	for i := range all {
		for _, c := range closed {
			h, there := all[i].Held[c]
			if !there {
				continue
			}
			held := maps.Clone(all[i].Held)
			delete(held, c)
			held[day] = store.Held{Pending: held[day].Pending + h.Pending, Quarantined: held[day].Quarantined + h.Quarantined}
			all[i].Held = held
		}
	}
	return all
}

// DayReassigner moves the records of one day; either store is one.
type DayReassigner interface {
	// State is that of SurveyStore.
	State(ctx context.Context, day calendar.TradingDay, position store.Position) (store.DayState, error)
	// Reassign moves the provisional records whose day dayOf knows for certain. progress, which may be nil, is told how many were looked at.
	Reassign(ctx context.Context, dayOf store.DayOf, progress func(looked int64)) (store.Reassigned, error)
	// ReassignDay moves the records of a day that are not provisional and whose login time is not from start up to end, end not included.
	ReassignDay(ctx context.Context, day calendar.TradingDay, start, end time.Time, dayOf store.DayOf, progress func(looked int64)) (store.Reassigned, error)
}

// reassignDates is how many dates back Reassign looks for records on a day that the calendar does not
// give them any more. A calendar is changed weeks before, or days after, a day; not later.
const reassignDates = 90

// Reassign puts every record on the day that the calendar gives its login time, if the calendar
// knows that for certain: those whose day was a guess, of any time, and of the last reassignDates dates
// also those whose day is no trading day any more, or became shorter, as a holiday before it became one.
func Reassign(ctx context.Context, s DayReassigner, cal *calendar.Calendar, now time.Time, progress func(looked int64)) (store.Reassigned, error) {
	total, err := s.Reassign(ctx, cal.TradingDayOf, progress)
	last, _ := cal.TradingDayOf(now)
	// The days to come too: what was recorded today may be on one of them.
	for _, day := range closedBetween(calendar.DayOf(now.AddDate(0, 0, -reassignDates)), calendar.DayOf(cal.Next(last).Date().AddDate(0, 0, 1))) {
		if err != nil {
			return total, err
		}
		var state store.DayState
		if state, err = s.State(ctx, day, ""); err != nil || state.Records == 0 {
			continue
		}
		start, end, none := cal.Window(day)
		if none != nil {
			start, end = now, now // none of its records is in its window
		}
		var did store.Reassigned
		did, err = s.ReassignDay(ctx, day, start, end, cal.TradingDayOf, nil)
		total.Add(did)
	}
	return total, err
}

// ClosedDaysWith are the dates without a report, since the day oldest, that hold records.
func ClosedDaysWith(ctx context.Context, s SurveyStore, cal *calendar.Calendar, oldest calendar.TradingDay, now time.Time) (
	days []calendar.TradingDay, err error,
) {
	last, _ := cal.TradingDayOf(now)
	for _, day := range closedBetween(oldest, cal.Next(last)) {
		if cal.IsTradingDay(day) {
			continue
		}
		state, err := s.State(ctx, day, "")
		if err != nil {
			return nil, err
		}
		if state.Records > 0 {
			days = append(days, day)
		}
	}
	return days, nil
}
