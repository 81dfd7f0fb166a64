package schema

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

	"github.com/tradefront/tradefront/internal/store"
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

// Provider runs the migrations of folder "local" or "postgres" on db.
func Provider(db *sql.DB, dialect goose.Dialect, folder string) (*goose.Provider, error) {
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

// Migration is what brings one of the two databases to this binary's schema.
type Migration struct {
	Db       *sql.DB
	Dialect  goose.Dialect
	Folder   string                      // of the embedded migrations
	Check    func(context.Context) error // what the schema is now
	Readable func(error) error           // an error of the driver as an operator reads it
}

// Run brings the schema to this binary's version and says what it did. A crash
// leaves whole migrations: each is a transaction. A newer schema is a *SchemaError.
// Nor is one touched that is not known to be ours.
func (r Migration) Run(ctx context.Context) ([]Applied, error) {
	if err := r.Check(ctx); err == nil {
		return nil, nil
	} else if e := (*store.SchemaError)(nil); !errors.As(err, &e) || e.Current > e.Wanted || e.Trouble != "" {
		return nil, err
	}
	p, err := Provider(r.Db, r.Dialect, r.Folder)
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	applied := make([]Applied, len(results))
	for i, r := range results {
		applied[i] = Applied{r.Source.Version, path.Base(r.Source.Path), r.Duration}
	}
	if err != nil {
		return applied, fmt.Errorf("store: migrate: %w", r.Readable(err))
	}
	return applied, nil
}

// Latest is the highest version among the embedded migrations.
func Latest(folder string) (int64, error) {
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
