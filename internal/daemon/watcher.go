package daemon

import (
	"context"
	"time"

	notify "github.com/coreos/go-systemd/v22/daemon"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
)

// watcher is one subject that a running front watches: what it does in the background, its lines of
// /readyz, and its numbers. Each is made in one file, by a function watch… of the Daemon, and is listed in
// watchers. A new check needs its line here and one in docs/operations.md, which a test compares; docs/metrics.md is made
// from the numbers.
type watcher struct {
	// look runs at once and then every period until the front stops; nil if there is nothing to do.
	period time.Duration
	look   func(context.Context)
	// run is called once instead and ends with its context.
	run func(context.Context)

	checks     []check
	collectors []ops.Collector
}

// check is a line of /readyz.
type check struct {
	name     string
	severity ops.Severity
	ask      ops.Check
}

// watchers are all of them. Their checks are the lines of /readyz in this order.
func (d *Daemon) watchers() []watcher {
	all := []watcher{
		d.watchServing(), d.watchSessions(), d.watchKeys(), d.watchReloads(), d.watchAuditLog(),
	}
	if d.logOut != nil {
		all = append(all, d.watchApplicationLog())
	}
	all = append(all,
		d.watchLocalHealth(), d.watchCapacity(), d.watchCorruptStores(), d.watchDirectory(), d.watchCalendar(),
		watchCertificates(assemble.Certificates(d.cfg), d.now), d.watchReplays(),
		d.watchClientAddresses(), d.watchLateRecords(), d.watchLastReport(), d.watchObstacles(), d.watchHealth(),
	)
	if d.cfg.Relay.Enabled {
		all = append(all, d.watchRelays())
	}
	if d.cfg.Core.Driver == assemble.DriverLink {
		all = append(all, d.watchCoreLink())
	} else {
		all = append(all, d.watchVerifiers())
	}
	if d.cfg.Store.Driver == assemble.DriverPostgres {
		all = append(all,
			d.watchMirror(), d.watchHeartbeat(), d.watchFronts(), d.watchQuarantine(), d.watchPostgresDays(), d.watchPostgresExtras(),
			d.watchForwarding(), d.watchPartitions(), d.watchPostgresSettings(),
		)
	}
	if countsAllFronts(d.cfg) {
		all = append(all, d.watchAllFronts())
	}
	if every, err := notify.SdWatchdogEnabled(false); err == nil && every > 0 {
		all = append(all, d.watchForSystemd(every))
	}
	return all
}

// watch connects the running parts to what people and machines look at, and begins to look itself.
func (d *Daemon) watch(ctx context.Context) { d.watchAll(ctx, d.watchers()) }

func (d *Daemon) watchAll(ctx context.Context, all []watcher) {
	d.metrics.RegisterChecks(d.health)
	for i := range all {
		for _, c := range all[i].checks {
			d.health.Register(c.name, c.severity, c.ask)
		}
		d.metrics.Register(all[i].collectors...)
	}
	for i := range all {
		if all[i].look != nil {
			d.repeat(ctx, all[i].period, all[i].look)
		}
		if run := all[i].run; run != nil {
			d.background.Go(func() { run(ctx) })
		}
	}
}

// repeat does the work in the background, at once and then every period, until ctx ends.
func (d *Daemon) repeat(ctx context.Context, period time.Duration, work func(context.Context)) {
	d.background.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			work(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}
