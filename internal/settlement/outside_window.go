package settlement

import (
	"context"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// A closed day can become a trading day after logins were recorded on it: they are on the trading day
// after it then, as certain records, without a mark.

// misplacedDates is how many dates after a day its records may be on: more than the longest holiday has.
const misplacedDates = 16

// recordsOfOtherWindows are the records on the day that are of another by their login time, and those of this one
// that are on a later.
func (v *Survey) recordsOfOtherWindows(ctx context.Context, day calendar.TradingDay, start, end time.Time) (all []store.Obstacle, err error) {
	if v.Brief {
		return nil, nil
	}
	const next = "tradefront calendar reassign moves them to the day that the calendar says, if calendar_file is right"
	outside, err := v.Store.OutsideWindow(ctx, day, start, end)
	if err != nil {
		return nil, err
	}
	if outside > 0 {
		all = append(all, store.Obstacle{
			Day: day, Kind: store.OutsideWindow, Where: day.String(), Records: outside, Next: next,
			What: fmt.Sprintf("has %d records with a login time outside its window: they belong to another day", outside),
		})
	}
	last := calendar.DayOf(day.Date().AddDate(0, 0, misplacedDates))
	elsewhere, err := v.Store.InWindow(ctx, calendar.DayOf(day.Date().AddDate(0, 0, 1)), last, start, end)
	if elsewhere > 0 {
		all = append(all, store.Obstacle{
			Day: day, Kind: store.OutsideWindow, Where: "later days than " + day.String(), Records: elsewhere, Next: next,
			What: fmt.Sprintf("have %d records with a login time inside its window: their report would be another's", elsewhere),
		})
	}
	return all, err
}
