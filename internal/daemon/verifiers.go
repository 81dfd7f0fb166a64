package daemon

import (
	"context"
	"time"

	"go.uber.org/zap/zapcore"
)

// verifierPeriod is how often verifiers of passwords that were right are written, behind the logins.
const verifierPeriod = 2 * time.Second

// watchVerifiers writes them.
func (d *Daemon) watchVerifiers() watcher {
	return watcher{period: verifierPeriod, look: d.writeVerifiers}
}

// writeVerifiers: what cannot be written costs the next start argon2, and nothing else.
func (d *Daemon) writeVerifiers(ctx context.Context) {
	if err := d.path.Verifiers.Flush(ctx); ctx.Err() == nil {
		d.path.verifiers.logOnChange(d.logger, time.Now(), err, &stateLines{
			level: zapcore.WarnLevel, began: "verifiers of passwords cannot be written: the first logins after the next start are slow",
			ended: "verifiers of passwords are written again",
		})
	}
}
