package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ops"
)

// AppIDs and accounts of a running front. With PostgreSQL they live there; the front reads
// the mirror in its local store, which follows, so that it can start without PostgreSQL.

// directoryPatience bounds one look at AppIDs and accounts. 100,000 accounts of which one
// changed took 4 s on a busy machine.
const directoryPatience = 30 * time.Second

// directorySource is where the registry and the accounts read.
type directorySource interface {
	auth.Source
	core.Source
}

// directoryStates are logged when they change.
type directoryStates struct{ mirror, apps, accounts stateLog }

// watchDirectory follows changes of AppIDs and accounts, and tells whether they can be used.
func (d *Daemon) watchDirectory() watcher {
	return watcher{
		period: d.cfg.Auth.Refresh, look: d.refresh,
		checks: []check{
			{"registry", ops.Required, d.checkAppIDs},
			{"authcodes", ops.Warning, d.checkAuthCodes},
			{"accounts", ops.Warning, func() (bool, string) {
				n := d.core.Stats().Accounts
				return n > 0, fmt.Sprintf("%d accounts", n)
			}},
		},
		collectors: []ops.Collector{
			ops.NewGauge("hash_queue", "Logins that wait for a password check.", func() float64 { return float64(d.core.Stats().HashQueue) }),
			ops.NewGauge("locked", "Locks on accounts and sources.", func() float64 {
				s := d.core.Stats()
				return float64(s.AccountsLocked + s.SourcesLocked)
			}),
			ops.NewGauge("remembered", "Verified logins that are remembered.", func() float64 { return float64(d.core.Stats().Remembered) }),
		},
	}
}

func (d *Daemon) checkAppIDs() (bool, string) {
	n, unreadable := d.registry.Len(), d.registry.Unreadable()
	switch {
	case n == 0 && unreadable > 0:
		return false, fmt.Sprintf("none of %d AppIDs' authcodes opens: is auth.master_key_file that of this store?", unreadable)
	case n == 0:
		return false, "no AppID is admitted; add one with: tradefront app add"
	}
	return true, fmt.Sprintf("%d AppIDs", n)
}

func (d *Daemon) checkAuthCodes() (bool, string) {
	if n := d.registry.Unreadable(); n > 0 {
		return false, fmt.Sprintf("the authcodes of %d AppIDs do not open under this master key, or are the last known ones; the log names them", n)
	}
	return true, "all open under this master key"
}

func (d *Daemon) loadDirectory(ctx context.Context) error {
	source, err := d.directory(ctx)
	if err != nil {
		return err
	}
	if d.registry, err = auth.NewRegistry(source, d.atStart.Master); err != nil {
		return err
	}
	if d.core, err = core.NewLocal(source, assemble.CoreOptions(d.cfg)); err != nil {
		return err
	}
	d.takeDirectory(ctx)
	if !d.registry.Loaded() || !d.core.Loaded() {
		return errors.New("AppIDs and accounts could not be read; the log says why")
	}
	return nil
}

// refresh takes over changes that commands made to AppIDs and accounts. With PostgreSQL out
// of reach the last known state stays in force.
func (d *Daemon) refresh(ctx context.Context) {
	if d.mirror != nil {
		if err := d.follow(ctx); ctx.Err() == nil {
			d.logPostgres(&d.directoryStates.mirror, err, &stateLines{
				level: zapcore.ErrorLevel, began: "AppIDs and accounts cannot be read from PostgreSQL: the last known ones stay in force",
				ended: "AppIDs and accounts are read from PostgreSQL again",
			})
		}
	}
	d.takeDirectory(ctx)
}

func (d *Daemon) takeDirectory(stopping context.Context) {
	ctx, cancel := context.WithTimeout(stopping, directoryPatience)
	defer cancel()
	apps, err := d.registry.Refresh(ctx)
	if stopping.Err() == nil {
		d.directoryStates.apps.logOnChange(d.logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading AppIDs: what cannot be read keeps its last known state", ended: "reading AppIDs: all can be read again",
		})
	}
	accounts, err := d.core.Refresh(ctx)
	if stopping.Err() == nil {
		d.directoryStates.accounts.logOnChange(d.logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading accounts: what cannot be read keeps its last known state", ended: "reading accounts: all can be read again",
		})
	}
	if apps || accounts {
		d.logger.Info("AppIDs and accounts are up to date",
			zap.Int("app_ids", d.registry.Len()), zap.Int("accounts", d.core.Stats().Accounts))
	}
}
