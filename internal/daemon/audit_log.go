package daemon

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
)

func (d *Daemon) openAudit(context.Context) (err error) {
	d.audit, err = ops.OpenAudit(d.cfg.AuditLog, d.metrics, auditAlarm{d.logger})
	if err != nil {
		return fmt.Errorf("audit_log: %w", err)
	}
	d.audit.SetLimits(assemble.AuditLimits(d.cfg, &d.cfg.Limits))
	return nil
}

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
			if err := d.audit.Trouble(); err != nil {
				return false, err.Error()
			}
			if why := d.audit.Sparing(); why != "" {
				return false, why
			}
			return true, "takes entries"
		}}},
		collectors: []ops.Collector{
			ops.NewCounter("audit_suppressed_total", "Lines of the audit log that were only counted, over their budget.",
				func() float64 { return float64(d.audit.Suppressed()) }),
			ops.NewGauge("audit_sparing", "Whether only lines of accepted logins are written, for want of room.", func() float64 {
				if d.audit.Sparing() != "" {
					return 1
				}
				return 0
			}),
		},
	}
}
