package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

const driverPostgres = "postgres"

// connectPatience bounds how long a command or the start waits for PostgreSQL.
const connectPatience = 10 * time.Second

// openRecords opens the store that the report reads and that holds AppIDs and accounts:
// PostgreSQL where there is one, else the local store. The schema must be current.
func openRecords(ctx context.Context, cfg *config.Config) (records, error) {
	if cfg.Store.Driver == driverPostgres {
		return openPostgres(ctx, cfg)
	}
	return openLocal(ctx, cfg)
}

type records interface {
	store.Store
	settlement.ReportStore
	Late(ctx context.Context) ([]store.DayCount, error)
	Since(ctx context.Context) (time.Time, error)
	AddHandedIn(ctx context.Context, h *store.HandedIn) error
	settlement.DayReassigner
	Tables() *store.Tables
	Close() error
}

// openLocal opens the local store for a command, which may make one only where no front runs: that
// front's was moved, and must not find another in its place.
func openLocal(ctx context.Context, cfg *config.Config) (*store.Local, error) {
	path := cfg.Store.Path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && frontRuns(path) {
		return nil, fmt.Errorf("store.path: %s is not there, but a front runs on it: put the file back with its -wal and -shm", path)
	}
	local, err := store.OpenLocal(ctx, path, store.LocalOptions{Bounds: boundsOf(&cfg.Store)})
	if err != nil {
		return nil, fmt.Errorf("store.path: %s: %w", path, err)
	}
	return local, nil
}

// preparePostgres does not connect yet.
func preparePostgres(ctx context.Context, cfg *config.Config) (*store.Postgres, error) {
	if cfg.Store.Driver != driverPostgres {
		return nil, config.Faults{{
			Key: "store.driver", Problem: "is " + cfg.Store.Driver + ": there is no PostgreSQL",
			Fix: "set it to postgres, and store.url",
		}}
	}
	url, err := cfg.Store.PostgresURL()
	if err != nil {
		return nil, err
	}
	pg, err := store.OpenPostgres(ctx, url, store.PostgresOptions{})
	if err != nil {
		return nil, config.Faults{{Key: "store.url", Problem: err.Error()}}
	}
	return pg, nil
}

// dialPostgres connects without looking at the schema.
func dialPostgres(ctx context.Context, cfg *config.Config) (*store.Postgres, error) {
	pg, err := preparePostgres(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	if err := pg.Ping(ctx); err != nil {
		return nil, errors.Join(unusable(err), pg.Close())
	}
	return pg, nil
}

// unusable says why PostgreSQL is not used, and what to do if the reason does not say it.
func unusable(err error) error {
	if unfit := (*store.UnfitError)(nil); errors.As(err, &unfit) {
		return fmt.Errorf("PostgreSQL cannot be used: %w", err)
	}
	return fmt.Errorf("PostgreSQL cannot be used: %w; check store.url and that the server runs", err)
}

func openPostgres(ctx context.Context, cfg *config.Config) (*store.Postgres, error) {
	pg, err := dialPostgres(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := pg.CheckSchema(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg, nil
}

// storeObserver counts what the stores do and is loud about what must not happen.
type storeObserver struct {
	metrics *ops.Metrics
	logger  *zap.Logger
	local   *localHealth
	away    func(error) // a batch failed; nil for the local store
}

func (o storeObserver) LocalCommit(rows int, d time.Duration, err error) {
	o.metrics.LocalCommit(rows, d, err)
	o.local.note(err)
	if err != nil {
		o.local.log(o.logger, err)
	}
}

func (o storeObserver) Forwarded(rows int, how store.How, d time.Duration, err error) {
	o.metrics.Forwarded(rows, string(how), d, err)
	if err != nil && !store.IsDayTrouble(err) { // of which DayTrouble tells
		o.away(err)
	}
}

func (o storeObserver) Quarantined(id uuid.UUID, err error) {
	o.metrics.Quarantined(id, err)
	o.logger.Error("PostgreSQL refuses a record: it is in quarantine in the local store and NOT in the report",
		zap.Stringer("record_id", id), zap.Error(err))
}

// DayTrouble is said once: what the attempts say every few seconds is no news.
func (o storeObserver) DayTrouble(day calendar.TradingDay, err error) {
	if err == nil {
		o.logger.Info("PostgreSQL takes the records of this trading day again", zap.Stringer("trading_day", day))
		return
	}
	o.logger.Error("PostgreSQL DOES NOT TAKE ALL RECORDS of this trading day: they stay in the local store and are sent again; "+
		"those of other days are forwarded", zap.Stringer("trading_day", day), zap.Error(err))
}
