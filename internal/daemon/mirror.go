package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// watchMirror tells how old the copy of PostgreSQL's AppIDs and accounts is.
func (d *Daemon) watchMirror() watcher {
	return watcher{
		checks: []check{{"directory", ops.Warning, d.checkMirror}},
		collectors: []ops.Collector{
			ops.NewGauge("directory_age_seconds", "Seconds since PostgreSQL last confirmed the AppIDs and accounts in force; driver postgres only.", d.mirrorAge),
		},
	}
}

// restartPatience is how long a front that can do without PostgreSQL waits for it at its
// start. A server that refuses answers at once; behind one that does not answer, terminals wait as long.
const restartPatience = 2 * time.Second

// restartReadPatience is how long a front that has a mirror reads from PostgreSQL at its start, before it starts with that.
const restartReadPatience = 30 * time.Second

// meetPostgres says why PostgreSQL is away, or has another schema; nil if it is there. A
// front with AppIDs and accounts of its own asks only for a moment.
func (d *Daemon) meetPostgres(ctx context.Context, known bool) error {
	patience := assemble.ConnectPatience
	if known {
		patience = restartPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.postgres.Probe(ctx)
}

// directory is what AppIDs and accounts are read from. A front that has met its PostgreSQL
// before starts without it, and logs an error.
func (d *Daemon) directory(ctx context.Context) (DirectorySource, error) {
	if d.postgres == nil {
		own := directory.New(d.path.Journal.Tables())
		d.banned.source = own
		return own, nil
	}
	var err error
	if d.mirror, err = directory.OpenMirror(ctx, d.postgres, d.path.Journal); err != nil {
		return nil, err
	}
	d.banned.source = d.mirror
	asOf, _ := d.mirror.AsOf()
	if d.away = d.meetPostgres(ctx, !asOf.IsZero()); d.away == nil && (d.taken == nil || asOf.IsZero()) { // else the old process follows
		patience := directoryPatience
		if !asOf.IsZero() {
			patience = restartReadPatience
		}
		d.away = d.follow(ctx, patience)
	}
	switch {
	case d.away == nil:
	case errors.Is(d.away, store.ErrSchema):
		return nil, d.away
	case asOf.IsZero():
		return nil, fmt.Errorf("PostgreSQL cannot be used: %w; AppIDs and accounts are there, and this front has no copy of them in %s "+
			"yet, which it makes when it first meets PostgreSQL: check store.url and that the server runs, then start again",
			d.away, d.cfg.Store.Path)
	default:
		d.logger.Error("PostgreSQL is out of reach: this front STARTS WITHOUT IT, with AppIDs and accounts as they were; "+
			"logins are recorded in the local store, and all is taken over as soon as PostgreSQL answers",
			zap.String("as_of", show.Time(asOf)), zap.Error(d.away))
	}
	return d.mirror, nil
}

// follow brings the mirror up to date.
func (d *Daemon) follow(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.mirror.Refresh(ctx)
}

// mirrorAge is the time since PostgreSQL last confirmed the AppIDs and accounts in force, in seconds.
func (d *Daemon) mirrorAge() float64 {
	asOf, _ := d.mirror.AsOf()
	return time.Since(asOf).Seconds()
}

func (d *Daemon) checkMirror() (bool, string) {
	asOf, err := d.mirror.AsOf()
	if err != nil {
		return false, fmt.Sprintf("AppIDs and accounts as of %s: %v", show.Time(asOf), err)
	}
	return true, "AppIDs and accounts as of " + show.Time(asOf)
}
