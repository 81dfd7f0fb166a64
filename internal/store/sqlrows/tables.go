package sqlrows

import (
	"context"
	"database/sql"
)

// Tables is one of the two databases, for code that both share.
type Tables struct {
	*sql.DB
	// Explain gives an error of a statement the type that callers decide on: that of the context
	// if it ended the statement. nil stays nil.
	Explain func(ctx context.Context, err error) error
}

// Queryer is a *sql.DB, a *sql.Conn or a *sql.Tx.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
