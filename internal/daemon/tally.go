package daemon

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/tally"
)

// tallied counts logins for the metrics, and for the status page by trading day.
type tallied struct {
	*ops.Metrics
	tally *tally.Tally
}

func (t tallied) Authenticated(reason string) {
	t.Metrics.Authenticated(reason)
	t.tally.Authenticated(reason)
}

func (t tallied) LoggedIn(reason string) {
	t.Metrics.LoggedIn(reason)
	t.tally.LoggedIn(reason)
}

func (t tallied) Flagged(flag string, submitted bool) {
	t.Metrics.Flagged(flag, submitted)
	t.tally.Recorded(flag, submitted)
}

func (t tallied) AppAuthenticated(appID, reason string, registered bool) {
	t.Metrics.AppAuthenticated(appID, reason, registered)
	t.tally.AppAuthenticated(appID, reason, registered)
}

func (t tallied) AppLoggedIn(appID, reason string, registered bool) {
	t.Metrics.AppLoggedIn(appID, reason, registered)
	t.tally.AppLoggedIn(appID, reason, registered)
}

func (t tallied) Submitted(relay, reason string) {
	t.Metrics.Submitted(relay, reason)
	t.tally.Submitted(relay, reason)
}

// tradingDay is that of an instant, by the calendar in force. The gateway, which has it, is there before the first event.
func (d *Daemon) tradingDay(at time.Time) calendar.TradingDay {
	day, _ := d.path.Gateway.Policy().Calendar.TradingDayOf(at)
	return day
}
