package daemon

import (
	"context"
	"strings"
	"sync"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
)

// watchFronts counts the fronts that PostgreSQL knows by their state. Every front counts, so that one that fell silent is
// told of by those that run.
func (d *Daemon) watchFronts() watcher {
	return watcher{
		period: reportsPeriod, look: d.countFronts,
		collectors: []ops.Collector{
			ops.NewGaugeBy("fronts", "Fronts that PostgreSQL knows, by state: running, stopped, silent (its heartbeat is missing), other_life (an older copy of a "+
				"local store), looked at once a minute; driver postgres only.", "state", d.fronts.byState),
		},
	}
}

// frontsKnown is what was last known of all fronts.
type frontsKnown struct {
	failing stateLog

	mu     sync.Mutex
	states map[string]float64 // nil before the first answer
}

func (d *Daemon) countFronts(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportsPatience)
	defer cancel()
	fronts, err := d.postgres.Fronts(ctx)
	d.logPostgres(&d.fronts.failing, err, &stateLines{
		level: zapcore.WarnLevel, began: "the fronts cannot be counted; the last count is shown", ended: "the fronts are counted again",
	})
	if err != nil {
		return
	}
	states := byFrontState(fronts)
	d.fronts.mu.Lock()
	defer d.fronts.mu.Unlock()
	d.fronts.states = states
}

// byState is the gauge; it has no values until there is an answer.
func (f *frontsKnown) byState() map[string]float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.states
}

// byFrontState counts the fronts that are not retired.
func byFrontState(fronts []store.Front) map[string]float64 {
	states := map[string]float64{"running": 0, "stopped": 0, "silent": 0, "other_life": 0}
	for i := range fronts {
		if fronts[i].Retired.IsZero() {
			states[strings.ReplaceAll(heartbeat.State(&fronts[i]), " ", "_")]++
		}
	}
	return states
}
