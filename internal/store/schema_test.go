package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestSchemaVersions(t *testing.T) {
	p := connect(t, pgtest.Database(t), store.PostgresOptions{})
	err := p.CheckSchema(t.Context())
	e, ok := errors.AsType[*store.SchemaError](err)
	if !ok || e.Current != 0 || e.Wanted == 0 || !errors.Is(err, store.ErrSchema) {
		t.Fatalf("an empty database: %v, want a SchemaError", err)
	}
	applied, err := p.Migrate(t.Context())
	if err != nil || len(applied) == 0 || applied[len(applied)-1].Version != e.Wanted {
		t.Fatalf("Migrate: %v, %v, want all up to version %d", applied, err, e.Wanted)
	}
	if err := p.CheckSchema(t.Context()); err != nil {
		t.Errorf("after Migrate: %v", err)
	}
	if applied, err := p.Migrate(t.Context()); err != nil || len(applied) != 0 {
		t.Errorf("again: %v, %v, want nothing to do", applied, err)
	}

	execute(t, p, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	_, migrate := p.Migrate(t.Context())
	for _, err := range []error{p.CheckSchema(t.Context()), migrate} {
		if e, ok := errors.AsType[*store.SchemaError](err); !ok || e.Current != 99 {
			t.Errorf("a newer schema: %v, want a SchemaError of version 99", err)
		}
	}
}

func TestManyFrontsMigrateAtOnce(t *testing.T) {
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		p := connect(t, url, store.PostgresOptions{})
		wg.Go(func() {
			if _, err := p.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if err := p.CheckSchema(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestRightsOfAFront: with the rights that doc.go names, a front can forward, also to a new
// day and again, and cannot delete, change or read what it wrote.
func TestRightsOfAFront(t *testing.T) {
	url := pgtest.Database(t)
	owner := openPostgresAt(t, url, store.PostgresOptions{})
	for _, grant := range []string{
		"CREATE ROLE front_role",
		"GRANT INSERT, SELECT (record_id, trading_day, front_id, arrival), UPDATE (front_id) ON record TO front_role",
		"GRANT SELECT ON app, account, directory, report_export, goose_db_version TO front_role",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
	} {
		execute(t, owner, grant)
	}
	t.Cleanup(func() { // roles belong to the whole cluster
		for _, drop := range []string{"DROP OWNED BY front_role", "DROP ROLE front_role"} {
			if err := owner.Exec(context.Background(), drop); err != nil {
				t.Error(err)
			}
		}
	})
	front := connect(t, with(url, "role=front_role"), store.PostgresOptions{})
	if err := front.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := front.Directory().Apps(t.Context()); err != nil {
		t.Error(err)
	}
	recs := storetest.Records(storetest.Day, 3)
	if err := front.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	if err := front.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	if _, err := front.Late(t.Context()); err != nil {
		t.Error(err)
	}
	for _, forbidden := range []string{
		"DELETE FROM record", "TRUNCATE record", "UPDATE record SET account = ''", "SELECT supplement FROM record",
		"DROP TABLE record_20260105", "SELECT * FROM record_20260105", "CREATE TABLE mine ()", "UPDATE app SET enabled = 1",
	} {
		if err := front.Exec(t.Context(), forbidden); err == nil {
			t.Errorf("a front may %s", forbidden)
		}
	}
	wantExactly(t, owner, storetest.Day, recs)
}
