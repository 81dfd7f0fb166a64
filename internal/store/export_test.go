package store

import (
	"context"
	"errors"
	"time"

	"github.com/pressly/goose/v3"
)

// Exec runs a statement on p's connections.
func (p *Postgres) Exec(ctx context.Context, statement string) error {
	_, err := p.pool.Exec(ctx, statement)
	return err
}

// LocalLinesSQL is the query of a local store's snapshot.
const LocalLinesSQL = localLinesSQL

// MigrateTo brings an empty schema to that version, as an older binary left it.
func (p *Postgres) MigrateTo(ctx context.Context, version int64) error {
	m, err := provider(p.db, goose.DialectPostgres, "postgres")
	if err != nil {
		return err
	}
	_, err = m.UpTo(ctx, version)
	return err
}

// MigrateLocalTo does the same with the local store's file at path.
func MigrateLocalTo(ctx context.Context, path string, version int64) error {
	db, err := openSQLite(path, LocalOptions{BusyTimeout: time.Second}, 1)
	if err != nil {
		return err
	}
	m, err := provider(db, goose.DialectSQLite3, "local")
	if err == nil {
		_, err = m.UpTo(ctx, version)
	}
	return errors.Join(err, db.Close())
}
