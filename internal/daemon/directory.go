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
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
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

// restartPatience is how long a front that can do without PostgreSQL waits for it at its
// start. One that refuses says so at once; for one that is silent, terminals wait as long.
const restartPatience = 2 * time.Second

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

// directory is what AppIDs and accounts are read from. A front that has met its PostgreSQL
// before starts without it, and says so loudly.
func (d *Daemon) directory(ctx context.Context) (directorySource, error) {
	if d.postgres == nil {
		return store.NewDirectory(d.local.Tables()), nil
	}
	var err error
	if d.mirror, err = store.OpenMirror(ctx, d.postgres, d.local); err != nil {
		return nil, err
	}
	asOf, _ := d.mirror.AsOf()
	if d.away = d.meetPostgres(ctx, !asOf.IsZero()); d.away == nil {
		d.away = d.follow(ctx)
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
func (d *Daemon) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	return d.mirror.Refresh(ctx)
}

// refresh takes over changes that commands made to AppIDs and accounts. With PostgreSQL out
// of reach the last known state stays in force.
func (d *Daemon) refresh(ctx context.Context) {
	if d.mirror != nil {
		if err := d.follow(ctx); ctx.Err() == nil {
			d.ofPostgres(&d.concern.directory, err, &stateLines{
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
		d.concern.apps.note(d.logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading AppIDs: what cannot be read keeps its last known state", ended: "reading AppIDs: all can be read again",
		})
	}
	accounts, err := d.core.Refresh(ctx)
	if stopping.Err() == nil {
		d.concern.accounts.note(d.logger, time.Now(), err, &stateLines{
			level: zapcore.ErrorLevel, began: "reading accounts: what cannot be read keeps its last known state", ended: "reading accounts: all can be read again",
		})
	}
	if apps || accounts {
		d.logger.Info("AppIDs and accounts are up to date",
			zap.Int("app_ids", d.registry.Len()), zap.Int("accounts", d.core.Stats().Accounts))
	}
}

// directoryAge is how old the AppIDs and accounts in force are, as far as PostgreSQL's word goes.
func (d *Daemon) directoryAge() float64 {
	asOf, _ := d.mirror.AsOf()
	return time.Since(asOf).Seconds()
}

// directoryCheck is the line of /readyz.
func (d *Daemon) directoryCheck() (bool, string) {
	asOf, err := d.mirror.AsOf()
	if err != nil {
		return false, fmt.Sprintf("AppIDs and accounts as of %s: %v", show.Time(asOf), err)
	}
	return true, "AppIDs and accounts as of " + show.Time(asOf)
}
