package postgres_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

const foreignVersions = "CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());"

// TestSchemaThatIsNotKnown: a version table that lost its rows, is gone or is another
// program's, tables that are another's, a search_path that does not find them. Neither a
// front nor a migration touches any of it, and each says in one line what to do.
func TestSchemaThatIsNotKnown(t *testing.T) {
	t.Parallel()
	const migrated = "migrate"
	for _, tt := range []struct {
		name, before, want string
	}{
		{"empty version table", migrated + "; DELETE FROM goose_db_version", "is empty, and nothing was changed: restore it, or run as the tables' owner"},
		{"only the row of version 0", migrated + "; DELETE FROM goose_db_version WHERE version_id > 0", "run as the tables' owner"},
		{"no version table", migrated + "; DROP TABLE goose_db_version", "is gone, and nothing was changed"},
		{"another's version table, fewer versions", foreignVersions + "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (3, true)", "is another program's (version 3, and none of tradefront's tables)"},
		{"another's version table, our version", foreignVersions + "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (LATEST, true)", "is another program's (version LATEST, and none of tradefront's tables)"},
		{"another's version table beside ours", migrated + "; DELETE FROM goose_db_version; INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (20240101, true)", "and the table goose_db_version that is found is another program's"},
		{"an empty version table alone", foreignVersions, "holds an empty table goose_db_version and none of tradefront's: if no other program uses it, DROP TABLE"},
		{"another's table of our name", "CREATE TABLE app (id int, name text)", "holds a table app that is not tradefront's"},
		{"a table is gone", migrated + "; DROP TABLE account", "these are gone: account: restore them from a backup"},
		{"not in search_path", "CREATE SCHEMA tradefront; SET search_path = tradefront; " + migrated + "; SET search_path = public", "tradefront's tables are in schema tradefront, which the search_path of role postgres (\"$user\", public) does not name"},
		{"no schema", "DROP SCHEMA public", "names no schema that exists and that it may use"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			database, latest := prepareSchema(t, tt.before)
			p := storetest.Connect(t, database, postgres.Options{})
			before := catalog(t, p)
			want := strings.ReplaceAll(tt.want, "LATEST", latest)
			_, err := p.Migrate(t.Context())
			for _, err := range []error{err, p.CheckSchema(t.Context()), p.Probe(t.Context())} {
				if !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %q", err, want)
				}
			}
			if after := catalog(t, p); after != before {
				t.Errorf("it was changed:\n%s\nwas:\n%s", after, before)
			}
		})
	}
}

// prepareSchema runs statements in a database of its own; "migrate" among them brings the schema to the current version.
func prepareSchema(t *testing.T, statements string) (database, latest string) {
	t.Helper()
	statements, first := strings.CutPrefix(statements, "migrate; ")
	if first {
		database = storetest.Migrated(t)
	} else {
		database = pgtest.Database(t)
	}
	path := "public"
	for statement := range strings.SplitSeq(statements, "; ") {
		if set, ok := strings.CutPrefix(statement, "SET search_path = "); ok {
			path = set
			continue
		}
		p := storetest.Connect(t, storetest.With(database, "search_path="+path), postgres.Options{})
		if statement == "migrate" {
			if _, err := p.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			continue
		}
		latest = latestMigration(t)
		if err := storetest.TryExecute(t, p, strings.ReplaceAll(statement, "LATEST", latest)); err != nil {
			t.Fatal(err)
		}
	}
	return database, latest
}

func latestMigration(t *testing.T) string {
	t.Helper()
	versions := postgresVersions(t)
	return fmt.Sprint(versions[len(versions)-1])
}

// postgresVersions are the versions of the migrations, in their order.
func postgresVersions(t testing.TB) (all []int64) {
	t.Helper()
	files, err := filepath.Glob("../schema/migrations/postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations: ", err)
	}
	for _, name := range files {
		v, err := goose.NumericComponent(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// catalog is what tables there are and what the version table says.
func catalog(t *testing.T, p *postgres.Store) (all string) {
	t.Helper()
	storetest.Row(t, p, `SELECT coalesce(string_agg(n.nspname || '.' || c.relname || ' ' || a.attname, E'\n' ORDER BY n.nspname, c.relname, a.attname), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'`, &all)
	return all
}

// TestLostVersionsAreWrittenAnew: the statement that the error names mends the schema, whichever
// version it has, and the next migration goes on from there. One database goes through all versions, and loses them at each.
func TestLostVersionsAreWrittenAnew(t *testing.T) {
	t.Parallel()
	versions := postgresVersions(t)
	p := storetest.Connect(t, pgtest.Database(t), postgres.Options{})
	for i, version := range append(versions, versions[len(versions)-1]) {
		loss := "TRUNCATE goose_db_version"
		if i == len(versions) {
			loss = "DROP TABLE goose_db_version"
		}
		if err := storetest.MigrateTo(t.Context(), p, version); err != nil {
			t.Fatalf("%s at version %d: the migration after the statement: %v", loss, version, err)
		}
		storetest.Execute(t, p, loss)
		_, err := p.Migrate(t.Context())
		_, statement, found := strings.Cut(fmt.Sprint(err), fmt.Sprintf("those of version %d: ", version))
		if !found {
			t.Fatalf("%s at version %d: %v; a migration needs its trace in known.go", loss, version, err)
		}
		storetest.Execute(t, p, statement)
		err = p.CheckSchema(t.Context())
		older, _ := errors.AsType[*store.SchemaError](err)
		if known := err == nil && i >= len(versions)-1 || older != nil && older.Current == version && older.Trouble == ""; !known {
			t.Errorf("%s at version %d: after the statement: %v", loss, version, err)
		}
	}
	if applied, err := p.Migrate(t.Context()); err != nil || len(applied) != 0 {
		t.Errorf("after the last statement: %v, %v, want nothing to do", applied, err)
	}
}

// TestSecondInstallationInOneDatabase: its schema is named in the URL.
func TestSecondInstallationInOneDatabase(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	storetest.Execute(t, storetest.Connect(t, database, postgres.Options{}), "CREATE SCHEMA second")
	p := storetest.OpenPostgresAt(t, storetest.With(database, "search_path=second"), postgres.Options{})
	if err := p.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRolesLeaveOthersTablesAlone: the script that gives tables to tradefront_owner gives it none
// of another program.
func TestRolesLeaveOthersTablesAlone(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		foreignVersions + "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (3, true)",
		"CREATE TABLE app (id int, name text)",
	} {
		// In a cluster of its own: roles are of the cluster, and other tests make some.
		p := storetest.Connect(t, pgtest.Start(t).URL(), postgres.Options{})
		storetest.Execute(t, p, before)
		if err := storetest.TryExecute(t, p, rolesSQL(t)); err == nil || !strings.Contains(err.Error(), "holds tables of another program, and nothing was changed") {
			t.Errorf("%s: %v", before, err)
		}
		var changed int
		storetest.Row(t, p, "SELECT (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tradefront%') + (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner <> 10)", &changed)
		if changed != 0 {
			t.Errorf("%s: %d roles or owners were changed", before, changed)
		}
	}
}
