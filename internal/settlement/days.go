package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// RecentDays are the n trading days up to the one that now belongs to, the latest first.
func RecentDays(cal *calendar.Calendar, now time.Time, n int) []calendar.TradingDay {
	day, _ := cal.TradingDayOf(now)
	days := make([]calendar.TradingDay, 0, n)
	for range n {
		days = append(days, day)
		day = cal.Prev(day)
	}
	return days
}

// LastClosed is the last trading day whose window has closed.
func LastClosed(cal *calendar.Calendar, now time.Time) calendar.TradingDay {
	day, _ := cal.TradingDayOf(now)
	return cal.Prev(day)
}

// maxDays is more trading days than a year has.
const maxDays = 300

// DaysBetween are the trading days from one date to another, both included. Each must have closed, unless open days
// will do: an export writes all of them or none. More than a year is refused.
func DaysBetween(cal *calendar.Calendar, from, to calendar.TradingDay, now time.Time, openToo bool) (days []calendar.TradingDay, err error) {
	day := from
	if !cal.IsTradingDay(day) {
		day = cal.Next(day)
	}
	for ; day <= to && len(days) < maxDays; day = cal.Next(day) {
		days = append(days, day)
	}
	switch {
	case len(days) == 0:
		return nil, fmt.Errorf("there is no trading day from %s to %s", from, to)
	case len(days) == maxDays:
		return nil, fmt.Errorf("%s to %s are more than %d trading days: export fewer at once", from, to, maxDays-1)
	}
	last := days[len(days)-1]
	if _, end, err := cal.Window(last); err != nil || (now.Before(end) && !openToo) {
		return nil, errors.Join(err, &OpenWindowError{Day: last, End: end})
	}
	return days, nil
}

// LateStore finds the days that got records after they were reported.
type LateStore interface {
	SurveyStore
	Late(ctx context.Context) ([]store.DayCount, error)
}

// DaysOfInterest are the last n trading days, older ones that got records after their report was made or from which records were moved
// to another day since, and the closed dates since with records; latest first. An older day whose records are gone is not among them:
// to find one, the records of each exported day would have to be counted.
func DaysOfInterest(ctx context.Context, s LateStore, cal *calendar.Calendar, now time.Time, n int) ([]calendar.TradingDay, error) {
	days := RecentDays(cal, now, n)
	late, err := s.Late(ctx)
	// After a restore Late cannot count; Status says so of each day.
	if _, restored := errors.AsType[*store.AheadError](err); err != nil && !restored {
		return nil, err
	}
	for _, l := range late {
		days = append(days, l.Day)
	}
	left, err := s.Left(ctx)
	if err != nil {
		return nil, err
	}
	days = append(days, left...)
	closed, err := ClosedDaysWith(ctx, s, cal, days[n-1], now)
	if err != nil {
		return nil, err
	}
	days = append(days, closed...)
	slices.Sort(days)
	days = slices.Compact(days)
	slices.Reverse(days)
	return days, nil
}

// clockSlack is by how much a front's clock may be ahead of the command's, where one takes logins of the next day and the other does not.
const clockSlack = time.Minute

// AheadOf counts the records on days after the one that now belongs to: the clock of a front was ahead when it wrote them. No report of the
// day on which they were made has them, and their own is long to come.
func AheadOf(ctx context.Context, s SurveyStore, cal *calendar.Calendar, now time.Time) (day calendar.TradingDay, n int64, err error) {
	day, _ = cal.TradingDayOf(now.Add(clockSlack))
	_, end, err := cal.Window(day)
	if err != nil {
		return day, 0, err
	}
	n, err = s.InWindow(ctx, calendar.DayOf(day.Date().AddDate(0, 0, 1)), 9999_12_31, end, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	return day, n, err
}
