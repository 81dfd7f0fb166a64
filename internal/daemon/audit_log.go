package daemon

import (
	"math"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
)

// auditAlarm logs that evidence is lost.
type auditAlarm struct{ logger *zap.Logger }

func (auditAlarm) AuditWritten(int)             {}
func (a auditAlarm) AuditFileChanged(err error) { a.logger.Error(err.Error()) }
func (a auditAlarm) AuditFailed(entries int, err error) {
	a.logger.Error("audit log: entries are lost", zap.Int("entries", entries), zap.Error(err))
}

// watchAuditLog tells whether the audit log takes entries, and which it only counts.
func (d *Daemon) watchAuditLog() watcher {
	return watcher{
		checks: []check{{"audit_log", ops.Warning, func() (bool, string) {
			if err := d.path.Audit.Trouble(); err != nil {
				return false, err.Error()
			}
			if why := d.path.Audit.Sparing(); why != "" {
				return false, why
			}
			return true, "takes entries"
		}}},
		collectors: []ops.Collector{
			ops.NewCounter("audit_suppressed_total", "Lines of the audit log that were only counted, over their budget.",
				func() float64 { return float64(d.path.Audit.Suppressed()) }),
			ops.NewGauge("audit_sparing", "1 while only lines of accepted logins are written, for want of room.", func() float64 {
				if d.path.Audit.Sparing() != "" {
					return 1
				}
				return 0
			}),
			ops.NewGauge("audit_disk_free_bytes",
				"Bytes that are free on the audit log's disk, looked at once a second; NaN where none can be measured.", func() float64 {
					free, known := d.path.Audit.DiskFree()
					if !known {
						return math.NaN()
					}
					return float64(free)
				}),
		},
	}
}
