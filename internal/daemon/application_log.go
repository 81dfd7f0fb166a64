package daemon

import "github.com/tradefront/tradefront/internal/ops"

// watchApplicationLog tells whether the process that reads standard error takes the log's lines.
func (d *Daemon) watchApplicationLog() watcher {
	return watcher{
		checks: []check{{"log", ops.Warning, func() (bool, string) {
			if err := d.logOut.Trouble(); err != nil {
				return false, err.Error()
			}
			return true, "is read"
		}}},
		collectors: []ops.Collector{
			ops.NewCounter("log_lines_lost_total", "Lines of the application log that its reader did not take.",
				func() float64 { return float64(d.logOut.Lost()) }),
		},
	}
}
