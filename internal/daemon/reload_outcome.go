package daemon

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
)

// watchReloads tells what came of the last SIGHUP.
func (d *Daemon) watchReloads() watcher {
	return watcher{
		checks: []check{{"configuration", ops.Warning, func() (bool, string) { return d.reloaded.Load().check() }}},
		collectors: []ops.Collector{
			ops.NewGauge("config_last_reload_successful", "1 unless the configuration of the last SIGHUP had faults.", func() float64 {
				if o := d.reloaded.Load(); o != nil && o.faults > 0 {
					return 0
				}
				return 1
			}),
		},
	}
}

// reloadOutcome is what came of the last reload.
type reloadOutcome struct {
	at      time.Time
	faults  int      // 0 if it was taken over
	restart []string // keys that wait for a restart
}

// lastReload is the outcome of the last reload, nil if there was none.
type lastReload = atomic.Pointer[reloadOutcome]

// check is for the readiness page: an operator may have sent the signal and not read the log.
func (o *reloadOutcome) check() (bool, string) {
	switch {
	case o == nil:
		return true, "as it was at the start"
	case o.faults > 0:
		return false, fmt.Sprintf("the reload at %s was refused, faults: %d (the log lists them); "+
			"what was in force before still is", show.Time(o.at), o.faults)
	case len(o.restart) > 0:
		return false, fmt.Sprintf("reloaded at %s, but these need a restart: %s", show.Time(o.at), strings.Join(o.restart, ", "))
	}
	return true, "reloaded at " + show.Time(o.at)
}
