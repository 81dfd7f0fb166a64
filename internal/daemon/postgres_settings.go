package daemon

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/store"
)

// inspectPeriod is how often a front looks at the settings of its PostgreSQL.
const inspectPeriod = time.Hour

// inspectPostgres logs what of PostgreSQL's settings an administrator should know. With
// PostgreSQL out of reach there is nothing to say: others do.
func (d *Daemon) inspectPostgres(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, assemble.ConnectPatience)
	defer cancel()
	findings, err := d.postgres.Inspect(ctx)
	if err != nil {
		return
	}
	for _, f := range findings {
		if !d.inspected[f] {
			d.logger.Warn(f.String())
		}
	}
	d.inspected = make(map[store.Finding]bool)
	for _, f := range findings {
		d.inspected[f] = true
	}
}
