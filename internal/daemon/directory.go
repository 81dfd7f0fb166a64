package daemon

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
)

// AppIDs and accounts of a running front. With PostgreSQL they live there; the front reads
// the mirror in its local store, which follows, so that it can start without PostgreSQL.

// directoryPatience bounds one look at AppIDs and accounts. A change takes milliseconds; a comparison of a million accounts, at
// the first look or after a change by hand, some seconds.
const directoryPatience = 5 * time.Minute

// watchDirectory follows changes of AppIDs and accounts, and tells whether they can be used.
func (d *Daemon) watchDirectory() watcher {
	w := watcher{
		period: d.cfg.Auth.Refresh, look: func(ctx context.Context) {
			d.refresh(ctx)
			d.metrics.PresetApps(d.path.Registry.Len(), d.path.Registry.AppIDs(), appRefusals)
		},
		checks: []check{
			{"registry", ops.Required, d.checkAppIDs},
			{"authcodes", ops.Warning, d.checkAuthCodes},
		},
	}
	w.collectors = []ops.Collector{d.banGauge()}
	if d.cfg.Core.Driver != assemble.DriverLink {
		w.checks = append(w.checks, check{"accounts", ops.Warning, func() (bool, string) {
			n := d.path.Core.Stats().Accounts
			return n > 0, fmt.Sprintf("%d accounts", n)
		}})
		w.collectors = append(w.collectors, d.localCoreGauges()...)
	}
	return w
}

// appRefusals are the results of an authentication of an AppID that is registered, but for those of a whole front (unreadable_app) and of
// relays.
var appRefusals = []string{
	reason.OK.String(), reason.WrongAnswer.String(), reason.DisabledApp.String(), reason.AppNetwork.String(), reason.WrongBroker.String(),
}

// localCoreGauges are those of the local core.
func (d *Daemon) localCoreGauges() []ops.Collector {
	return []ops.Collector{
		ops.NewGauge("hash_queue", "Logins that wait for a password check.", func() float64 { return float64(d.path.Core.Stats().HashQueue) }),
		ops.NewGauge("locked", "Locks on accounts and sources.", func() float64 {
			s := d.path.Core.Stats()
			return float64(s.AccountsLocked + s.SourcesLocked)
		}),
		ops.NewCounterBy("password_checks_total", "Passwords that were not remembered, by way: `quick`, right by the verifier of an earlier login; `slow`, "+
			"checked by argon2 of full cost, every wrong one among them.", "way",
			func() map[string]float64 {
				s := d.path.Core.Stats()
				return map[string]float64{"quick": float64(s.Quick), "slow": float64(s.Slow)}
			}),
		ops.NewGauge("remembered", "Verified logins that are remembered.", func() float64 { return float64(d.path.Core.Stats().Remembered) }),
	}
}

func (d *Daemon) checkAppIDs() (bool, string) {
	n, unreadable := d.path.Registry.Len(), d.path.Registry.Unreadable()
	switch {
	case n == 0 && unreadable > 0:
		return false, fmt.Sprintf("none of %d AppIDs' authcodes opens: is auth.master_key_file that of this store?", unreadable)
	case n == 0:
		return false, "no AppID is admitted; add one with: tradefront app add"
	}
	return true, fmt.Sprintf("%d AppIDs", n)
}

func (d *Daemon) checkAuthCodes() (bool, string) {
	if n := d.path.Registry.Unreadable(); n > 0 {
		return false, fmt.Sprintf("the authcodes of %d AppIDs do not open under this master key, or are the last known ones; the log names them", n)
	}
	return true, "all open under this master key"
}

// refresh takes over changes that commands made to AppIDs and accounts. With PostgreSQL out
// of reach the last known state stays in force.
func (d *Daemon) refresh(ctx context.Context) {
	if d.mirror != nil {
		if err := d.follow(ctx, directoryPatience); ctx.Err() == nil {
			d.logPostgres(&d.mirrorState, err, &stateLines{
				level: zapcore.ErrorLevel, began: "AppIDs and accounts cannot be read from PostgreSQL: the last known ones stay in force",
				ended: "AppIDs and accounts are read from PostgreSQL again",
			})
		}
	}
	if d.path.FollowDirectory(ctx) || d.withdrawn.Load() {
		d.endWithdrawnRelays(ctx)
	}
	d.followBans(ctx)
	d.endBarred(ctx)
}

// takeDirectory reads AppIDs, accounts and relays. What cannot be read keeps its last known state.
func (p *LoginPath) takeDirectory(stopping context.Context) { p.FollowDirectory(stopping) }

// FollowDirectory is takeDirectory, and reports whether AppIDs or relays changed: then connections of relays that may not stay
// are to be ended.
func (p *LoginPath) FollowDirectory(stopping context.Context) (changed bool) {
	ctx, cancel := context.WithTimeout(stopping, directoryPatience)
	defer cancel()
	apps, err := p.Registry.Refresh(ctx)
	if stopping.Err() == nil {
		p.apps.logOnChange(p.opt.Logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading AppIDs: what cannot be read keeps its last known state", ended: "reading AppIDs: all can be read again",
		})
	}
	relays := p.takeRelays(ctx, stopping)
	if p.Core == nil {
		if apps {
			p.opt.Logger.Info("AppIDs are up to date", zap.Int("app_ids", p.Registry.Len()))
		}
		return apps || relays
	}
	accounts, err := p.Core.Refresh(ctx)
	if stopping.Err() == nil {
		p.accounts.logOnChange(p.opt.Logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading accounts: what cannot be read keeps its last known state", ended: "reading accounts: all can be read again",
		})
	}
	if apps || accounts {
		p.opt.Logger.Info("AppIDs and accounts are up to date",
			zap.Int("app_ids", p.Registry.Len()), zap.Int("accounts", p.Core.Stats().Accounts))
	}
	return apps || relays
}

// takeRelays reads relays. A relay agent has no table of them.
func (p *LoginPath) takeRelays(ctx, stopping context.Context) (changed bool) {
	if p.Relays == nil {
		return false
	}
	changed, err := p.Relays.Refresh(ctx)
	if stopping.Err() == nil {
		p.relays.logOnChange(p.opt.Logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading relays: the last known ones stay in force", ended: "reading relays: all can be read again",
		})
	}
	if n := len(p.Relays.All()); changed && n > 0 {
		p.opt.Logger.Info("relays are up to date", zap.Int("relays", n))
	}
	return changed
}
