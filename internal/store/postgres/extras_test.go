package postgres_test

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestExtras: what is on our tables and is not ours is named, on a partition too, and as the
// role of a front.
func TestExtras(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	super := roles(t, database)
	storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	storetest.Execute(t, super, rolesSQL(t))
	front := storetest.Connect(t, as(t, postgres.RoleFront, database), postgres.Options{})
	if err := front.Put(t.Context(), storetest.Records(storetest.Day, 1)); err != nil {
		t.Fatal(err)
	}
	extras := func() []string {
		t.Helper()
		all, err := front.Extras(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := extras(); len(all) != 0 {
		t.Errorf("of a schema as it was made: %q", all)
	}
	storetest.Execute(t, super, "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
	for _, c := range []struct{ make, undo, want string }{
		{"CREATE TRIGGER swallow BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION nothing()", "DROP TRIGGER swallow ON record", "trigger swallow on table record "},
		{"CREATE TRIGGER other AFTER INSERT ON record_20260105 FOR EACH ROW EXECUTE FUNCTION nothing()", "DROP TRIGGER other ON record_20260105", "trigger other on table record "},
		{"CREATE TRIGGER told BEFORE UPDATE ON front FOR EACH ROW EXECUTE FUNCTION nothing()", "DROP TRIGGER told ON front", "trigger told on table front "},
		{"CREATE RULE elsewhere AS ON INSERT TO record DO INSTEAD NOTHING", "DROP RULE elsewhere ON record", "rule elsewhere on table record "},
		{"ALTER TABLE record ENABLE ROW LEVEL SECURITY", "ALTER TABLE record DISABLE ROW LEVEL SECURITY", "row-level security on table record "},
		{"ALTER TABLE record_20260105 SET UNLOGGED", "ALTER TABLE record_20260105 SET LOGGED", "record_20260105 is UNLOGGED"},
		{"CREATE TABLE rest PARTITION OF record DEFAULT", "DROP TABLE rest", "rest is a DEFAULT partition"},
	} {
		storetest.Execute(t, super, c.make)
		if all := extras(); len(all) != 1 || !strings.Contains(all[0], c.want) {
			t.Errorf("%s: %q, want one with %q", c.make, all, c.want)
		}
		storetest.Execute(t, super, c.undo)
		if all := extras(); len(all) != 0 {
			t.Errorf("%s: still %q", c.undo, all)
		}
	}
}

// TestExtrasOfTheServer: settings under which a commit is less than it seems.
func TestExtrasOfTheServer(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	c.SQL("ALTER SYSTEM SET full_page_writes = off")
	c.SQL("SELECT pg_reload_conf()")
	storetest.Eventually(t, func() error { return c.Try("SELECT 1 / (current_setting('full_page_writes') = 'off')::int") })
	p := storetest.OpenPostgresAt(t, storetest.With(c.URL(), "synchronous_commit=local"), postgres.Options{})
	if all, err := p.Extras(t.Context()); err != nil || len(all) != 1 || !strings.Contains(all[0], "full_page_writes is off") {
		t.Errorf("%q, %v", all, err)
	}
	c.SQL("ALTER SYSTEM SET synchronous_standby_names = 'b'")
	c.SQL("SELECT pg_reload_conf()")
	storetest.Eventually(t, func() error { return c.Try("SELECT 1 / (current_setting('synchronous_standby_names') = 'b')::int") })
	if all, err := p.Extras(t.Context()); err != nil || len(all) != 2 || !strings.Contains(all[1], "synchronous_commit is local") {
		t.Errorf("%q, %v", all, err)
	}
}
