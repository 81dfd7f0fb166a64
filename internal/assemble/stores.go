package assemble

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// DriverLocal and DriverLink are the values of core.driver: accounts of this front's own, or a trading core.
const (
	DriverLocal = "local"
	DriverLink  = "link"
)

// DriverPostgres is the value of store.driver with which records go to PostgreSQL.
const DriverPostgres = "postgres"

// ConnectPatience bounds how long a command or the start waits for PostgreSQL.
const ConnectPatience = 10 * time.Second

// OpenRecords opens the store that the report reads and that holds AppIDs and accounts:
// PostgreSQL where there is one, else the local store. The schema must be current.
func OpenRecords(ctx context.Context, cfg *config.Config) (Records, error) {
	if cfg.Store.Driver == DriverPostgres {
		return OpenPostgres(ctx, cfg)
	}
	return OpenLocal(ctx, cfg)
}

// Records is the store that OpenRecords opens.
type Records interface {
	store.Store
	settlement.ReportStore
	Late(ctx context.Context) ([]store.DayCount, error)
	AddHandedIn(ctx context.Context, h *store.HandedIn) error
	settlement.DayReassigner
	FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error
	EachOfAccount(ctx context.Context, account regulation.Account, f func(*store.Record) error) error
	Tables() *sqlrows.Tables
	Close() error
}

// OpenLocal opens the local store for a command. Where a front runs on it the command neither makes one, since that front's was moved
// and must not find another in its place, nor migrates it: the front is of the version before, as until a restart after an upgrade of
// the package, and that version could not start again.
func OpenLocal(ctx context.Context, cfg *config.Config) (*journal.Journal, error) {
	path := cfg.Store.Path
	if FrontRuns(path) {
		if err := besideFront(ctx, path); err != nil {
			return nil, err
		}
	}
	local, err := journal.Open(ctx, path, journal.Options{Bounds: BoundsOf(&cfg.Store)})
	if err != nil {
		return nil, fmt.Errorf("store.path: %s: %w", path, err)
	}
	return local, nil
}

// openBeside opens the local store of a front whose records go to PostgreSQL: it may have some that PostgreSQL lacks. It is nil where the
// records stay in the local store, and on a machine that has none.
func openBeside(ctx context.Context, cfg *config.Config) (*journal.Journal, error) {
	if cfg.Store.Driver != DriverPostgres {
		return nil, nil //nolint:nilnil // there is none
	}
	if _, err := os.Stat(cfg.Store.Path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none
	}
	return OpenLocal(ctx, cfg)
}

// besideFront is why a command may not open the local store at path, on which a front runs; nil if it may. What is damaged, or of a newer
// version, is told by the opening itself, which migrates neither.
func besideFront(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store.path: %s is not there, but a front runs on it: put the file back with its -wal and -shm", path)
	}
	err := localfile.SameSchema(ctx, path)
	switch other, is := errors.AsType[*store.SchemaError](err); {
	case is && other.Current < other.Wanted:
		return fmt.Errorf("store.path: %s has schema version %d, as the front needs that runs on it, and this program needs %d: nothing was changed; "+
			"restart the front with this program, or use the version of tradefront that the front runs", path, other.Current, other.Wanted)
	case err != nil && !is && !localfile.IsDamage(err):
		return fmt.Errorf("store.path: %s: %w", path, localfile.Classify(err))
	}
	return nil
}

// PreparePostgres does not connect yet.
func PreparePostgres(ctx context.Context, cfg *config.Config) (*postgres.Store, error) {
	return preparePostgres(ctx, cfg, postgres.Options{})
}

func preparePostgres(ctx context.Context, cfg *config.Config, opt postgres.Options) (*postgres.Store, error) {
	if cfg.Store.Driver != DriverPostgres {
		return nil, config.Faults{{
			Key: "store.driver", Problem: "is " + cfg.Store.Driver + ": there is no PostgreSQL",
			Fix: "set it to postgres, and store.url",
		}}
	}
	url, err := cfg.Store.PostgresURL()
	if err != nil {
		return nil, err
	}
	opt.URL = cfg.Store.PostgresURL
	pg, err := postgres.Open(ctx, url, opt)
	if err != nil {
		return nil, config.Faults{{Key: "store.url", Problem: err.Error()}}
	}
	return pg, nil
}

// DialPostgres connects without looking at the schema.
func DialPostgres(ctx context.Context, cfg *config.Config) (*postgres.Store, error) {
	return dialPostgres(ctx, cfg, postgres.Options{})
}

func dialPostgres(ctx context.Context, cfg *config.Config, opt postgres.Options) (*postgres.Store, error) {
	pg, err := preparePostgres(ctx, cfg, opt)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, ConnectPatience)
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

// OpenPostgres connects, and refuses another schema than that of this program.
func OpenPostgres(ctx context.Context, cfg *config.Config) (*postgres.Store, error) {
	return OpenPostgresWith(ctx, cfg, postgres.Options{})
}

// OpenPostgresWith is OpenPostgres with bounds of its own.
func OpenPostgresWith(ctx context.Context, cfg *config.Config, opt postgres.Options) (*postgres.Store, error) {
	pg, err := dialPostgres(ctx, cfg, opt)
	if err != nil {
		return nil, err
	}
	if err := pg.CheckSchema(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg, nil
}
