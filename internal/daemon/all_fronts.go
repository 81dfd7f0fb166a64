package daemon

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/ops"
)

// countsAllFronts reports whether core.sessions_per_user bounds sessions over all fronts by PostgreSQL. A trading core bounds them itself.
func countsAllFronts(cfg *config.Config) bool {
	return cfg.Core.SessionsPerUser > 0 && cfg.Core.Driver != assemble.DriverLink && cfg.Store.Driver == assemble.DriverPostgres
}

// allFrontsPeriod is how often the front looks whether sessions are counted over all fronts.
const allFrontsPeriod = time.Second

// watchAllFronts tells whether core.sessions_per_user bounds an account's sessions over all fronts.
func (d *Daemon) watchAllFronts() watcher {
	return watcher{
		period: allFrontsPeriod, look: func(context.Context) { d.noteCountedAlone() },
		checks: []check{{"user_sessions", ops.Warning, d.checkAllFronts}},
		collectors: []ops.Collector{
			ops.NewCounter("logins_counted_alone_total", "Logins whose account's sessions were counted at this front alone, since PostgreSQL did not answer "+
				"in time; only with `core.sessions_per_user`, the local core and driver postgres.", func() float64 { return float64(d.path.Online.Alone()) }),
		},
	}
}

func (d *Daemon) checkAllFronts() (bool, string) {
	if err := d.path.Online.LastError(); err != nil {
		return false, fmt.Sprintf("sessions of an account are counted at this front alone, %d logins since the start: %v", d.path.Online.Alone(), err)
	}
	return true, "sessions of an account are counted over all fronts"
}

// noteCountedAlone logs when sessions cease to be counted over all fronts, and when they are again.
func (d *Daemon) noteCountedAlone() {
	d.countedAlone.logOnChange(d.logger, time.Now(), d.path.Online.LastError(), &stateLines{
		level: zapcore.WarnLevel,
		began: "sessions of an account are counted at this front alone while PostgreSQL does not count them: an account may have core.sessions_per_user " +
			"at each front, and no login is refused for it; get PostgreSQL back, or do what the error says",
		ended: "sessions of an account are counted over all fronts again",
		more:  func() []zap.Field { return []zap.Field{zap.Int64("logins_counted_alone", d.path.Online.Alone())} },
	})
}
