package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
)

// extrasPeriod is how often a front looks for what is not tradefront's in its PostgreSQL.
const extrasPeriod = time.Minute

// extras is what was last found there.
type extras struct {
	mu  sync.Mutex
	all []string
}

// lookForExtras keeps what it found before while PostgreSQL is out of reach: others say that.
func (d *Daemon) lookForExtras(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, assemble.ConnectPatience)
	defer cancel()
	all, err := d.postgres.Extras(ctx)
	if err != nil {
		return
	}
	for _, e := range d.extras.set(all) {
		d.logger.Warn("something in PostgreSQL is not tradefront's and endangers records", zap.String("what", e))
	}
}

// set returns what was not there before.
func (e *extras) set(all []string) (added []string) {
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

// check is the line of /readyz.
func (e *extras) check() (bool, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) > 0 {
		return false, strings.Join(e.all, "; ")
	}
	return true, "nothing but tradefront's own is on its tables"
}

// postgresDays is the line of /readyz on trading days whose records PostgreSQL does not take.
func (d *Daemon) postgresDays() (bool, string) {
	troubles := d.forwarder.Troubles()
	if len(troubles) == 0 {
		return true, "PostgreSQL takes the records of every trading day"
	}
	lines := make([]string, len(troubles))
	for i, t := range troubles {
		what := "some records"
		if t.Blocked {
			what = "the records"
		}
		lines[i] = fmt.Sprintf("%s of %s stay in the local store, those of other days are forwarded: %v", what, t.Day, t.Err)
	}
	return false, strings.Join(lines, "; ")
}

// daysInTrouble is the gauge.
func (d *Daemon) daysInTrouble() float64 { return float64(len(d.forwarder.Troubles())) }
