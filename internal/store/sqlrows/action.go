package sqlrows

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

const actionColumns = "id, acted_at, os_user, real_user, host, command, subject, changes, why"

// Execer is a *sql.DB, a *sql.Conn or a *sql.Tx.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// AddAction writes what an operator changed, by on, which is db or a transaction on it.
func AddAction(ctx context.Context, db *Tables, on Execer, a *store.Action) error {
	changes, err := json.Marshal(a.Changes)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if len(a.Changes) == 0 {
		changes = []byte("[]")
	}
	result, err := on.ExecContext(ctx, "INSERT INTO operator_action ("+actionColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		a.ID.String(), Micros(a.At), a.User, a.RealUser, a.Host, a.Command, a.Subject, string(changes), a.Why)
	if err != nil {
		return db.Explain(ctx, err)
	}
	return WantOne("operator_action", result)
}

// EachAction visits what operators changed at or after that moment, in the order of time; visit keeps no pointer.
func EachAction(ctx context.Context, db *Tables, since time.Time, visit func(*store.Action) error) error {
	rows, err := db.QueryContext(ctx, "SELECT "+actionColumns+" FROM operator_action WHERE acted_at >= $1 ORDER BY acted_at, id", Micros(since))
	if err != nil {
		return db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		a := store.Action{Written: true}
		var id, changes string
		var at int64
		if err := rows.Scan(&id, &at, &a.User, &a.RealUser, &a.Host, &a.Command, &a.Subject, &changes, &a.Why); err != nil {
			return db.Explain(ctx, err)
		}
		if a.ID, err = uuid.Parse(id); err != nil {
			return fmt.Errorf("store: operator_action %q: %w", id, err)
		}
		if err := json.Unmarshal([]byte(changes), &a.Changes); err != nil {
			return fmt.Errorf("store: operator_action %s: %w", id, err)
		}
		a.At = FromMicros(at)
		if err := visit(&a); err != nil {
			return err
		}
	}
	return db.Explain(ctx, rows.Err())
}
