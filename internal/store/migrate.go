package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Applied is one migration that was run.
type Applied struct {
	Version  int64
	Name     string // the file's name
	Duration time.Duration
}

// lockID of the advisory lock under which PostgreSQL's schema is migrated; any constant
// that no other program uses in this database.
const lockID = 7305804402570880

// provider runs the migrations of folder "local" or "postgres" on db.
func provider(db *sql.DB, dialect goose.Dialect, folder string) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, path.Join("migrations", folder))
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	if dialect == goose.DialectPostgres {
		// Many fronts may start at once: look once a second for five minutes.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db, files, options...)
}

// migration is what brings one of the two databases to this binary's schema.
type migration struct {
	db       *sql.DB
	dialect  goose.Dialect
	folder   string                      // of the embedded migrations
	check    func(context.Context) error // what the schema is now
	readable func(error) error           // an error of the driver as an operator reads it
}

// run brings the schema to this binary's version and says what it did. A crash
// leaves whole migrations: each is a transaction. A newer schema is a *SchemaError.
// Nor is one touched that is not known to be ours.
func (r migration) run(ctx context.Context) ([]Applied, error) {
	if err := r.check(ctx); err == nil {
		return nil, nil
	} else if e := (*SchemaError)(nil); !errors.As(err, &e) || e.Current > e.Wanted || e.Trouble != "" {
		return nil, err
	}
	p, err := provider(r.db, r.dialect, r.folder)
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	applied := make([]Applied, len(results))
	for i, r := range results {
		applied[i] = Applied{r.Source.Version, path.Base(r.Source.Path), r.Duration}
	}
	if err != nil {
		return applied, fmt.Errorf("store: migrate: %w", r.readable(err))
	}
	return applied, nil
}

// checkLocalSchema compares the version of a local store's schema with this binary's. The error is
// a *SchemaError if they differ. PostgreSQL's is checked by checkKnown.
func checkLocalSchema(ctx context.Context, db *sql.DB) error {
	wanted, err := latest("local")
	if err != nil {
		return err
	}
	var current sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied").Scan(&current)
	if err != nil && !isNoSQLiteTable(err) {
		return fmt.Errorf("store: schema version: %w", err)
	}
	if current.Int64 != wanted {
		return &SchemaError{Current: current.Int64, Wanted: wanted}
	}
	return nil
}

// latest is the highest version among the embedded migrations.
func latest(folder string) (int64, error) {
	files, err := fs.Glob(migrations, path.Join("migrations", folder, "*.sql"))
	if err != nil {
		return 0, err
	}
	var highest int64
	for _, name := range files {
		v, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		highest = max(highest, v)
	}
	return highest, nil
}
