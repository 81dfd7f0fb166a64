package daemon

import (
	"context"
	"fmt"
	"math"
	"time"
)

// quarantined is the gauge: how many records are in quarantine now; not a number if the
// local store cannot say.
func (d *Daemon) quarantined() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := d.local.Quarantined(ctx)
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}

// quarantineCheck is the line of /readyz.
func (d *Daemon) quarantineCheck() (bool, string) {
	switch n := d.quarantined(); {
	case math.IsNaN(n):
		return false, "the local store cannot be read"
	case n > 0:
		return false, fmt.Sprintf("%.0f records were refused by PostgreSQL for their data and are in NO report: "+
			"see tradefront quarantine list", n)
	}
	return true, "no record is in quarantine"
}
