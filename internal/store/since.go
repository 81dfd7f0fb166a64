package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Since is when the local store was made; see Postgres.Since.
func (l *Local) Since(ctx context.Context) (time.Time, error) {
	return since(ctx, l.Tables(), "SELECT CAST(strftime('%s', min(tstamp)) AS INTEGER) FROM goose_db_version")
}

// Since is when this database got its schema, give or take the time zone's hours: of what was
// before nothing can be here, but for what another store's copy brought.
func (p *Postgres) Since(ctx context.Context) (time.Time, error) {
	return since(ctx, p.Tables(), "SELECT extract(epoch FROM min(tstamp))::bigint FROM goose_db_version")
}

func since(ctx context.Context, db *Tables, query string) (time.Time, error) {
	var seconds sql.NullInt64
	if err := db.QueryRowContext(ctx, query).Scan(&seconds); err != nil {
		return time.Time{}, db.Explain(ctx, err)
	}
	if !seconds.Valid {
		return time.Time{}, errors.New("store: the schema has no version")
	}
	return time.Unix(seconds.Int64, 0), nil
}
