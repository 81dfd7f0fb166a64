package schema

import (
	"context"
	"database/sql"
	_ "embed" // for local.sql
	"errors"
	"fmt"
)

// migrations/local.sql is what all migrations of the local store leave in an empty file, their versions included. A test of
// localfile compares both, and writes it anew.
//
//go:embed migrations/local.sql
var local string

// CreateLocal gives an empty file the local store's schema, in one transaction. All migrations one after the other leave the same, but
// at most of their statements SQLite parses the whole schema again, and it syncs the file at the end of each.
func CreateLocal(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		if _, err = tx.ExecContext(ctx, local); err == nil {
			err = tx.Commit()
		} else {
			err = errors.Join(err, tx.Rollback())
		}
	}
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}
