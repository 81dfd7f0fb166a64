package sqlrows

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tradefront/tradefront/internal/store"
)

// WantRows is an error unless a statement that succeeded changed as many rows of the table as it
// must: a trigger or a rule can keep it from that.
func WantRows(table string, changed, want int64) error {
	if changed == want {
		return nil
	}
	return fmt.Errorf("store: of table %s %d rows were changed where %d had to be, without an error, and all was undone: "+
		"a trigger or a rule drops them; find and remove it (psql: \\d %s)", table, changed, want, table)
}

// WantOne is WantRows for database/sql.
func WantOne(table string, result sql.Result) error {
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return WantRows(table, changed, 1)
}

// wantAdded tells a row that ON CONFLICT DO NOTHING found there, ErrExists, from one that was
// dropped. there asks for it.
func wantAdded(ctx context.Context, db *Tables, table string, result sql.Result, there string, args ...any) error {
	dropped := WantOne(table, result)
	if dropped == nil {
		return nil
	}
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS ("+there+")", args...).Scan(&exists); err != nil {
		return db.Explain(ctx, err)
	}
	if exists {
		return store.ErrExists
	}
	return dropped
}
