package daemon

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
)

// watchQuarantine tells of records that PostgreSQL refuses for their data.
func (d *Daemon) watchQuarantine() watcher {
	return watcher{
		checks: []check{{"quarantine", ops.Warning, d.checkQuarantine}},
		collectors: []ops.Collector{
			ops.NewGauge("quarantined_rows", "Records that are in quarantine now; driver postgres only.", d.quarantined),
		},
	}
}

// quarantined is how many records are in quarantine now; not a number if the local store cannot be read.
func (d *Daemon) quarantined() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := d.path.Journal.Quarantined(ctx)
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}

func (d *Daemon) checkQuarantine() (bool, string) {
	switch n := d.quarantined(); {
	case math.IsNaN(n):
		return false, "the local store cannot be read"
	case n > 0:
		return false, fmt.Sprintf("%.0f records were refused by PostgreSQL for their data and are in NO report: "+
			"see tradefront quarantine list", n)
	}
	return true, "no record is in quarantine"
}
