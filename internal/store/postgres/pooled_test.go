package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestPoolerThatSharesSessionsIsRefused: by its mode, before anything is written, and no lock
// stays behind.
func TestPoolerThatSharesSessionsIsRefused(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	direct := storetest.Connect(t, database, postgres.Options{})
	for _, tt := range []struct {
		mode     string
		settings []string
	}{
		{"transaction", nil},
		{"transaction", []string{"server_round_robin = 1", "min_pool_size = 5"}},
		{"transaction", []string{"server_round_robin = 1", "min_pool_size = 2", "default_pool_size = 2"}},
		{"transaction", []string{"default_pool_size = 1"}},
		{"statement", nil},
	} {
		p := storetest.Connect(t, pgtest.Pooler(t, database, tt.mode, tt.settings...), postgres.Options{})
		for range 3 { // a second time there are processes that wait for clients
			_, err := p.Migrate(t.Context())
			var refused *store.UnfitError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), "in "+tt.mode+" mode") || !strings.Contains(err.Error(), "pool_mode = session") {
				t.Errorf("%s, %q: %v", tt.mode, tt.settings, err)
			}
		}
	}
	var locks, tables int
	storetest.Row(t, direct, "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), (SELECT count(*) FROM pg_class WHERE relname IN ('record', 'goose_db_version'))", &locks, &tables)
	if locks != 0 || tables != 0 {
		t.Errorf("%d advisory locks and %d tables are left behind", locks, tables)
	}
}

// TestPoolerThatResetsNoSession: a session of the client before has that one's prepared statements, whose names are
// those of the next client's. The error says what is between, not what a prepared statement is.
func TestPoolerThatResetsNoSession(t *testing.T) {
	t.Parallel()
	through := pgtest.Pooler(t, pgtest.Database(t), "session", "server_reset_query =", "default_pool_size = 2")
	p := storetest.Connect(t, through, postgres.Options{})
	if _, err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Close()
	_, err := storetest.Connect(t, through, postgres.Options{}).Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "set server_reset_query = DISCARD ALL") {
		t.Errorf("the second client's: %v", err)
	}
}

// TestPoolerBySession: everything works through one that pools by session.
func TestPoolerBySession(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgresAt(t, pgtest.Pooler(t, pgtest.Database(t), "session"), postgres.Options{})
	local := storetest.OpenJournal(t)
	recs := storetest.Records(20260105, 50)
	storetest.AppendAll(t, local, recs)
	storetest.Forward(t, local, p, forward.Options{})
	storetest.WantEmpty(t, local)
	day := recs[0].TradingDay
	snapshot, err := p.Snapshot(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	defer storetest.CloseIt(t, snapshot)
	lines := 0
	if err := snapshot.Scan(t.Context(), "", func(*store.Record) error { lines++; return nil }); err != nil || lines != len(recs) {
		t.Errorf("%d of %d records are read, %v", lines, len(recs), err)
	}
	var locks int
	if storetest.Row(t, p, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", &locks); locks != 0 {
		t.Errorf("%d advisory locks are left behind", locks)
	}
	if timeout, err := storetest.Show(t, p, "statement_timeout"); err != nil || timeout != "0" {
		t.Errorf("statement_timeout = %s, %v", timeout, err)
	}
}
