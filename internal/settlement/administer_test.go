package settlement

import (
	"context"
	"database/sql"
	"testing"
)

// administrator runs SQL beside a store, by the driver that package store brings along.
type administrator struct {
	t  testing.TB
	db *sql.DB
}

func administer(t testing.TB, url string) administrator {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return administrator{t, db}
}

func (a administrator) try(statement string) error {
	_, err := a.db.ExecContext(context.Background(), statement)
	return err
}

func (a administrator) run(statements ...string) {
	a.t.Helper()
	for _, s := range statements {
		if err := a.try(s); err != nil {
			a.t.Fatalf("%s: %v", s, err)
		}
	}
}
