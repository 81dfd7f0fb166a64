package storetest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/schema"
)

// MigrateTo brings an empty schema to that version, as an older binary left it.
func MigrateTo(ctx context.Context, p *postgres.Store, version int64) error {
	m, err := schema.Provider(p.Tables().DB, goose.DialectPostgres, "postgres")
	if err != nil {
		return err
	}
	_, err = m.UpTo(ctx, version)
	return err
}

// MigrateLocalTo does the same with the local store's file at path.
func MigrateLocalTo(ctx context.Context, path string, version int64) error {
	if err := localfile.CreatePrivate(path); err != nil {
		return err
	}
	db, err := localfile.Open(path, localfile.Options{BusyTimeout: time.Second}, 1, nil)
	if err != nil {
		return err
	}
	m, err := schema.Provider(db, goose.DialectSQLite3, "local")
	if err == nil {
		_, err = m.UpTo(ctx, version)
	}
	return errors.Join(err, db.Close())
}

// ReadLocal asks the local store's file at path, on a connection of its own kind.
func ReadLocal(t testing.TB, path, query string, each func(*sql.Rows) error) {
	t.Helper()
	db, err := localfile.Open(path, localfile.Options{BusyTimeout: time.Second}, 1, nil)
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
