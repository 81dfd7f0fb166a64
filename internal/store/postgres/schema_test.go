package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	p := storetest.Connect(t, pgtest.Database(t), postgres.Options{})
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

	storetest.Execute(t, p, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	_, migrate := p.Migrate(t.Context())
	for _, err := range []error{p.CheckSchema(t.Context()), migrate} {
		if e, ok := errors.AsType[*store.SchemaError](err); !ok || e.Current != 99 {
			t.Errorf("a newer schema: %v, want a SchemaError of version 99", err)
		}
	}
}

func TestManyFrontsMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		p := storetest.Connect(t, url, postgres.Options{})
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
