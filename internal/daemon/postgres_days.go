package daemon

import (
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/ops"
)

// watchPostgresDays tells of trading days whose records PostgreSQL does not take.
func (d *Daemon) watchPostgresDays() watcher {
	return watcher{
		checks: []check{{"postgres_days", ops.Warning, d.checkPostgresDays}},
		collectors: []ops.Collector{
			ops.NewGauge("forward_days_in_trouble", "Trading days of which PostgreSQL does not take all records; driver postgres only.",
				func() float64 { return float64(len(d.path.Forwarder.Troubles())) }),
		},
	}
}

func (d *Daemon) checkPostgresDays() (bool, string) {
	troubles := d.path.Forwarder.Troubles()
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
