package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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
	if err := createPrivate(path); err != nil {
		return err
	}
	db, err := openSQLite(path, FileOptions{BusyTimeout: time.Second}, 1, nil)
	if err != nil {
		return err
	}
	m, err := provider(db, goose.DialectSQLite3, "local")
	if err == nil {
		_, err = m.UpTo(ctx, version)
	}
	return errors.Join(err, db.Close())
}

// ReadLocal asks the local store's file at path, on a connection of its own kind.
func ReadLocal(t testing.TB, path, query string, each func(*sql.Rows) error) {
	t.Helper()
	db, err := openSQLite(path, FileOptions{BusyTimeout: time.Second}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// Checksum is the checksum that the local store keeps of r.
func Checksum(r *Record) uint32 { return r.checksum() }

// Show is a setting as p's connections have it.
func (p *Postgres) Show(ctx context.Context, setting string) (value string, err error) {
	err = p.pool.QueryRow(ctx, "SELECT current_setting($1)", setting).Scan(&value)
	return value, err
}

// Dials is what the driver makes of a URL.
func Dials(url string) (*pgx.ConnConfig, error) {
	cfg, _, err := poolConfig(url)
	if err != nil {
		return nil, err
	}
	configure(cfg, PostgresOptions{})
	return cfg.ConnConfig, nil
}

// Row reads one row on p's connections.
func (p *Postgres) Row(t testing.TB, query string, into ...any) {
	t.Helper()
	if err := p.pool.QueryRow(t.Context(), query).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// PostgresVersions are the versions of the embedded migrations.
func PostgresVersions(t testing.TB) (all []int64) {
	t.Helper()
	files, err := fs.Glob(migrations, "migrations/postgres/*.sql")
	for _, name := range files {
		v, e := goose.NumericComponent(name)
		all, err = append(all, v), errors.Join(err, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
