package daemon

import (
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
)

// watchCalendar tells when the trading calendar ends.
func (d *Daemon) watchCalendar() watcher {
	return watcher{
		checks: []check{{"calendar", ops.Warning, func() (bool, string) {
			if w := d.CalendarWarnings(); len(w) > 0 {
				return false, strings.Join(w, "; ")
			}
			return true, "known to " + d.path.Gateway.Policy().Calendar.Horizon().String()
		}}},
		collectors: []ops.Collector{
			ops.NewGauge("calendar_horizon_days", "Days until the trading calendar ends.", func() float64 {
				return show.Days(d.path.Gateway.Policy().Calendar.Horizon().Date().AddDate(0, 0, 1).Sub(d.now()))
			}),
			ops.NewGauge("calendar_trading_date", "1 while today's date, UTC+8, is a trading day; 0 at weekends and on holidays.", func() float64 {
				if d.path.Gateway.Policy().Calendar.IsTradingDay(calendar.DayOf(d.now())) {
					return 1
				}
				return 0
			}),
		},
	}
}

// CalendarWarnings are what of the calendar in force an operator should act on.
func (d *Daemon) CalendarWarnings() []string {
	return d.path.Gateway.Policy().Calendar.Warnings(d.now())
}
