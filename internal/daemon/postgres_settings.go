package daemon

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// settingsPeriod is how often a front looks at the settings of its PostgreSQL.
const settingsPeriod = time.Hour

// watchPostgresSettings logs what of PostgreSQL's settings an administrator should know.
func (d *Daemon) watchPostgresSettings() watcher {
	logged := make(map[postgres.Finding]bool)
	return watcher{period: settingsPeriod, look: func(ctx context.Context) { logged = d.logSettings(ctx, logged) }}
}

// logSettings logs what the log does not have yet, and returns what it has now. While PostgreSQL is out of
// reach nothing changes; watchForwarding tells of that.
func (d *Daemon) logSettings(ctx context.Context, logged map[postgres.Finding]bool) map[postgres.Finding]bool {
	ctx, cancel := context.WithTimeout(ctx, assemble.ConnectPatience)
	defer cancel()
	findings, err := d.postgres.Inspect(ctx)
	if err != nil {
		return logged
	}
	now := make(map[postgres.Finding]bool)
	for _, f := range findings {
		if !logged[f] {
			d.logger.Warn(f.String())
		}
		now[f] = true
	}
	return now
}
