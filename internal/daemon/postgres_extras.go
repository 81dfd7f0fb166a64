package daemon

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
)

// extrasPeriod is how often a front looks for what is not tradefront's in its PostgreSQL.
const extrasPeriod = time.Minute

// watchPostgresExtras tells of what is not tradefront's in its PostgreSQL.
func (d *Daemon) watchPostgresExtras() watcher {
	return watcher{
		period: extrasPeriod, look: d.lookForExtras,
		checks: []check{{"postgres_extras", ops.Warning, d.postgresExtras.check}},
	}
}

// postgresExtras is what was last found there.
type postgresExtras struct {
	mu  sync.Mutex
	all []string
}

// lookForExtras keeps what it found before while PostgreSQL is out of reach, which watchForwarding tells.
func (d *Daemon) lookForExtras(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, assemble.ConnectPatience)
	defer cancel()
	all, err := d.postgres.Extras(ctx)
	if err != nil {
		return
	}
	for _, e := range d.postgresExtras.set(all) {
		d.logger.Warn("something in PostgreSQL is not tradefront's and endangers records", zap.String("what", e))
	}
}

// set returns what was not there before.
func (e *postgresExtras) set(all []string) (added []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range all {
		if !slices.Contains(e.all, s) {
			added = append(added, s)
		}
	}
	e.all = all
	return added
}

func (e *postgresExtras) check() (bool, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) > 0 {
		return false, strings.Join(e.all, "; ")
	}
	return true, "nothing but tradefront's own is on its tables"
}
