package postgres_test

import (
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

var allRoles = []string{postgres.RoleOwner, postgres.RoleFront, postgres.RoleReport, postgres.RoleAdmin}

func rolesSQL(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../../../deploy/sql/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// as is the database's URL for that role.
func as(t *testing.T, role, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// rolesInUse: one test at a time has the cluster's roles.
var rolesInUse sync.Mutex

// roles makes them in a database whose superuser is returned, with its tables if migrated.
func roles(t *testing.T, database string) (super *postgres.Store) {
	t.Helper()
	super = withRoles(t, database, allRoles)
	storetest.Execute(t, super, rolesSQL(t))
	return super
}

// withRoles is the database's superuser for a test that makes these roles. They belong to the whole cluster: they go before
// the test ends.
func withRoles(t *testing.T, database string, made []string) (super *postgres.Store) {
	t.Helper()
	rolesInUse.Lock()
	t.Cleanup(rolesInUse.Unlock) // after they are dropped
	super = storetest.Connect(t, database, postgres.Options{})
	t.Cleanup(func() {
		for _, role := range made {
			for _, drop := range []string{"DROP OWNED BY " + role + " CASCADE", "DROP ROLE " + role} {
				if _, err := super.Tables().ExecContext(context.Background(), drop); err != nil {
					t.Error(err)
				}
			}
		}
	})
	return super
}

func checkRights(t *testing.T, p *postgres.Store) ([]string, error) {
	t.Helper()
	r, err := p.CheckRights(t.Context())
	return append(r.Lacking, r.TooMuch...), err
}

// TestRoles: what each role of roles.sql must be able to do, and what it must not, by trying.
func TestRoles(t *testing.T) {
	database := pgtest.Database(t)
	super := roles(t, database)
	if err := storetest.TryExecute(t, storetest.Connect(t, as(t, postgres.RoleFront, database), postgres.Options{}), "CREATE TABLE mine ()"); err == nil {
		t.Error("a front may make tables in an empty database")
	}
	owner := storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	storetest.Execute(t, super, rolesSQL(t))
	if faults, err := checkRights(t, owner); err != nil || len(faults) != 0 {
		t.Fatalf("after roles.sql: %q, %v", faults, err)
	}
	front := storetest.Connect(t, as(t, postgres.RoleFront, database), postgres.Options{})
	report := storetest.Connect(t, as(t, postgres.RoleReport, database), postgres.Options{})
	admin := storetest.Connect(t, as(t, postgres.RoleAdmin, database), postgres.Options{})

	recs := frontWorks(t, front)
	if _, err := front.Earlier(t.Context(), &recs[0]); err != nil {
		t.Errorf("a front is not told what it has of a submission: %v", err)
	}
	adminWorks(t, admin)
	reportWorks(t, report, recs)
	if apps, err := directory.New(front.Tables()).Apps(t.Context()); err != nil || len(apps) != 1 {
		t.Errorf("a front reads %d AppIDs, %v", len(apps), err)
	}

	everybody := []string{
		"DELETE FROM record", "DELETE FROM record_20260105", "TRUNCATE record", "TRUNCATE record_20260105", "DROP TABLE record",
		"DROP TABLE record_20260105", "SELECT * FROM record_20260105", "INSERT INTO record_20260105 SELECT * FROM record",
		"UPDATE record SET supplement = ''", "UPDATE record SET terminal = ''", "UPDATE record SET account = ''", "UPDATE record SET arrival = 0",
		"ALTER TABLE record DISABLE TRIGGER ALL", "ALTER TABLE record DETACH PARTITION record_20260105",
		"DELETE FROM app", "DELETE FROM account", "DELETE FROM relay", "DELETE FROM relay_scope", "DELETE FROM directory_change", "INSERT INTO directory_removed VALUES (1, 'app', 'x')", "DELETE FROM directory", "DELETE FROM report_export", "DELETE FROM front", "DELETE FROM reassigned_from",
		"SELECT * FROM online_session", "DELETE FROM online_session", "INSERT INTO online_session VALUES ('x', 1, 1)", "UPDATE online_session SET sessions = 0",
		"TRUNCATE report_export", "TRUNCATE app", "UPDATE report_export SET row_count = 0", "UPDATE reassigned_from SET arrival = 0",
		"UPDATE goose_db_version SET version_id = 99", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)",
		"CREATE TABLE mine ()", "CREATE TEMP TABLE mine ()", "CREATE SCHEMA mine", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"SET ROLE " + postgres.RoleOwner, "CREATE ROLE mine", "COPY record TO PROGRAM 'cat'",
	}
	for role, c := range map[string]struct {
		pg  *postgres.Store
		not []string
	}{
		postgres.RoleFront: {front, []string{
			"SELECT supplement FROM record", "SELECT terminal FROM record", "SELECT * FROM record", "SELECT account FROM record",
			"COPY record TO STDOUT", "INSERT INTO record (arrival) VALUES (0)", "UPDATE app SET enabled = 1", "INSERT INTO app SELECT * FROM app",
			"UPDATE relay SET networks = '[]'", "UPDATE relay_scope SET granted = 1", "INSERT INTO relay_scope SELECT * FROM relay_scope", "UPDATE directory SET relays = 0",
			"UPDATE account SET password_hash = ''", "UPDATE directory SET generation = 0", "INSERT INTO report_export SELECT * FROM report_export",
			"SELECT * FROM reassigned_from",
		}},
		postgres.RoleReport: {report, []string{
			"INSERT INTO record SELECT * FROM record", "UPDATE record SET front_id = 0", "SELECT * FROM app", "SELECT * FROM account",
			"SELECT * FROM directory", "UPDATE front SET retired = 1", "SELECT ensure_record_partition(20260106)",
			"SELECT online_begin(1, '{}', '{}', '{}')", "SELECT online_change(1, 1, '{}', '{}', '{}')",
		}},
		postgres.RoleAdmin: {admin, []string{
			"SELECT * FROM record", "SELECT record_id FROM record", "INSERT INTO record (record_id) VALUES (NULL)", "UPDATE record SET front_id = 0",
			"UPDATE front SET held = '{}'", "INSERT INTO front SELECT * FROM front", "SELECT * FROM report_export", "SELECT ensure_record_partition(20260106)",
			"SELECT online_begin(1, '{}', '{}', '{}')", "SELECT online_change(1, 1, '{}', '{}', '{}')",
		}},
	} {
		for _, statement := range append(slices.Clone(everybody), c.not...) {
			err := storetest.TryExecute(t, c.pg, statement)
			if err == nil {
				t.Errorf("%s may: %s", role, statement)
			} else if !denied(err) {
				t.Errorf("%s was stopped from %q by something else: %v", role, statement, err)
			}
		}
		_ = storetest.TryExecute(t, c.pg, "GRANT ALL ON record TO PUBLIC") // a warning where it has some right, and no effect
	}
	if faults, err := checkRights(t, owner); err != nil || len(faults) != 0 {
		t.Errorf("after all that: %q, %v", faults, err)
	}
	storetest.WantExactly(t, owner, storetest.Day, recs)
}

// denied: a right is missing, or one must own what it is about.
func denied(err error) bool { return strings.Contains(err.Error(), "SQLSTATE 42501") }

// frontWorks does all that a daemon does: it forwards, to a new day and again, says what it
// holds, and counts late records.
func frontWorks(t *testing.T, front *postgres.Store) []store.Record {
	t.Helper()
	if err := front.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	recs := storetest.Records(storetest.Day, 3)
	if err := front.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	if err := front.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	for i := range int64(2) {
		if _, err := front.ReportFront(t.Context(), &store.FrontReport{FrontID: 1, Number: i}, time.Now); err != nil {
			t.Error(err)
		}
	}
	if _, err := front.Late(t.Context()); err != nil {
		t.Error(err)
	}
	// Sessions counted with the other fronts.
	wantGranted(t, place(t, front, of("a", 1, 0)), 2, []int32{1}, of("a", 1, 2))
	// What keeps reports back.
	if _, err := front.Fronts(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := front.Waivers(t.Context(), storetest.Day); err != nil {
		t.Error(err)
	}
	if _, err := front.State(t.Context(), storetest.Day, ""); err != nil {
		t.Error(err)
	}
	if _, err := directory.New(front.Tables()).Accounts(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := directory.New(front.Tables()).Generation(t.Context()); err != nil {
		t.Error(err)
	}
	return recs
}

func adminWorks(t *testing.T, admin *postgres.Store) {
	t.Helper()
	d := directory.New(admin.Tables())
	app := auth.App{AppID: "a_b_1", Type: auth.AppDirect, Sealed: []byte("x"), Enabled: true}
	changed := app
	changed.Sealed = []byte("y")
	for name, err := range map[string]error{
		"CheckSchema": admin.CheckSchema(t.Context()),
		"AddApp":      d.AddApp(t.Context(), app), "AddAccount": d.AddAccount(t.Context(), local.Account{Account: "1", UserType: '1'}),
	} {
		if err != nil {
			t.Errorf("admin, %s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"SetAppCodes": d.SetAppCodes(t.Context(), app.Sealed, changed), "SetAppEnabled": d.SetAppEnabled(t.Context(), "a_b_1", false),
		"ResealApps":    d.ResealApps(t.Context(), func(*auth.App) error { return nil }),
		"SetPassword":   d.SetPassword(t.Context(), "1", "hash"),
		"UnlockAccount": d.UnlockAccount(t.Context(), "1", changed.Created),
	} {
		if err != nil {
			t.Errorf("admin, %s: %v", name, err)
		}
	}
	fronts, err := admin.Fronts(t.Context())
	if err != nil || len(fronts) != 1 {
		t.Fatalf("admin sees %d fronts, %v", len(fronts), err)
	}
	if err := admin.RetireFront(t.Context(), &fronts[0]); err != nil {
		t.Errorf("admin, RetireFront: %v", err)
	}
}

func reportWorks(t *testing.T, report *postgres.Store, recs []store.Record) {
	t.Helper()
	storetest.WantExactly(t, report, storetest.Day, recs)
	snapshot, err := report.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	defer storetest.CloseIt(t, snapshot)
	if err := report.AddExport(t.Context(), &store.Export{
		Day: storetest.Day, Number: 1, Kind: store.FullExport, Position: snapshot.Position(), SHA256: [32]byte{1},
	}); err != nil {
		t.Errorf("report, ledger: %v", err)
	}
	if _, err := report.Left(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := report.Fronts(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := report.State(t.Context(), storetest.Day, ""); err != nil {
		t.Error(err)
	}
}

// TestCheckRights: each grant of roles.sql that is taken back is missed, each that is too
// much is told, and the script puts both right.
func TestCheckRights(t *testing.T) {
	database := pgtest.Database(t)
	super := roles(t, database)
	storetest.OpenPostgresAt(t, database, postgres.Options{}) // migrated by another role, before there were these
	faults, err := checkRights(t, super)
	if err != nil || !slices.Contains(faults, "tradefront_front lacks INSERT on record.supplement") || len(faults) < 40 {
		t.Errorf("before roles.sql: %q, %v", faults, err)
	}
	storetest.Execute(t, super, rolesSQL(t))
	if faults, err := checkRights(t, super); err != nil || len(faults) != 0 {
		t.Errorf("after roles.sql: %q, %v", faults, err)
	}
	for change, want := range map[string]string{
		"REVOKE INSERT (flag) ON record FROM tradefront_front":                                      "tradefront_front lacks INSERT on record.flag",
		"REVOKE UPDATE ON front FROM tradefront_front":                                              "tradefront_front lacks UPDATE on front",
		"REVOKE EXECUTE ON FUNCTION ensure_record_partition(integer) FROM PUBLIC, tradefront_front": "tradefront_front lacks EXECUTE on ensure_record_partition",
		"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM tradefront_front":                    "tradefront_front lacks EXECUTE on online_change",
		"REVOKE SELECT ON reassigned_from FROM tradefront_report":                                   "tradefront_report lacks SELECT on reassigned_from",
		"REVOKE UPDATE (generation) ON directory FROM tradefront_admin":                             "tradefront_admin lacks UPDATE on directory.generation",
		"GRANT DELETE ON record TO tradefront_report":                                               "tradefront_report may DELETE record, and should not",
		"GRANT UPDATE (supplement) ON record TO tradefront_front":                                   "tradefront_front may UPDATE record.supplement, and should not",
		"GRANT SELECT ON record TO tradefront_front":                                                "tradefront_front may SELECT record.supplement, and should not",
		"GRANT CREATE ON SCHEMA public TO tradefront_admin":                                         "tradefront_admin may CREATE in schema public, and should not",
	} {
		storetest.Execute(t, super, change)
		if faults, err := checkRights(t, super); err != nil || !slices.Contains(faults, want) {
			t.Errorf("%s: %q, %v", change, faults, err)
		}
		storetest.Execute(t, super, rolesSQL(t))
		if faults, err := checkRights(t, super); err != nil || len(faults) != 0 {
			t.Errorf("%s, and roles.sql again: %q, %v", change, faults, err)
		}
	}
	storetest.Execute(t, super, "ALTER ROLE tradefront_front CREATEDB NOLOGIN")
	storetest.Execute(t, super, rolesSQL(t))
	var createdb, login bool
	storetest.Row(t, super, "SELECT rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'tradefront_front'", &createdb, &login)
	if createdb || !login {
		t.Errorf("after roles.sql a front may make databases: %v, may log in: %v", createdb, login)
	}
}

// TestRolesWithoutSuperuser: what a cloud gives instead, a role with CREATEROLE that owns the database, runs roles.sql as well.
func TestRolesWithoutSuperuser(t *testing.T) {
	database := pgtest.Database(t)
	const cloud = "cloud_admin"
	super := withRoles(t, database, append(slices.Clone(allRoles), cloud))
	for _, statement := range []string{
		"CREATE ROLE " + cloud + " LOGIN CREATEROLE CREATEDB",
		"ALTER DATABASE " + strings.TrimPrefix(mustParse(t, database).Path, "/") + " OWNER TO " + cloud,
		"ALTER SCHEMA public OWNER TO " + cloud,
	} {
		storetest.Execute(t, super, statement)
	}
	t.Cleanup(func() { // a database is not dropped with what its owner owns
		if _, err := super.Tables().ExecContext(context.Background(), "REASSIGN OWNED BY "+cloud+" TO CURRENT_USER"); err != nil {
			t.Error(err)
		}
	})
	admin := storetest.Connect(t, as(t, cloud, database), postgres.Options{})
	storetest.Execute(t, admin, rolesSQL(t))
	owner := storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	for range 2 {
		storetest.Execute(t, admin, rolesSQL(t))
		if faults, err := checkRights(t, owner); err != nil || len(faults) != 0 {
			t.Errorf("after roles.sql: %q, %v", faults, err)
		}
	}
}

// TestPartitionFunctionIsNotFooled: a temporary table of the same name does not come before
// ours in a function that runs as the owner.
func TestPartitionFunctionIsNotFooled(t *testing.T) {
	database := pgtest.Database(t)
	super := roles(t, database)
	storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	storetest.Execute(t, super, rolesSQL(t))
	storetest.Execute(t, super, "GRANT TEMP ON DATABASE "+strings.TrimPrefix(mustParse(t, database).Path, "/")+" TO tradefront_front")
	conn := storetest.Session(t, as(t, postgres.RoleFront, database))
	storetest.RunSQL(t, conn, "CREATE TEMP TABLE record (trading_day integer, mine integer) PARTITION BY RANGE (trading_day)",
		"SELECT ensure_record_partition(20260107)")
	var columns int
	if err := storetest.Session(t, database).QueryRow(t.Context(),
		"SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('public.record_20260107') AND attname = 'supplement'").Scan(&columns); err != nil || columns != 1 {
		t.Errorf("the partition was made like another table: %d, %v", columns, err)
	}
}

// TestOnlineFunctionsAreNotFooled: the same of the functions by which fronts count sessions.
func TestOnlineFunctionsAreNotFooled(t *testing.T) {
	database := pgtest.Database(t)
	super := roles(t, database)
	storetest.OpenPostgresAt(t, as(t, postgres.RoleOwner, database), postgres.Options{})
	storetest.Execute(t, super, rolesSQL(t))
	storetest.Execute(t, super, "GRANT TEMP ON DATABASE "+strings.TrimPrefix(mustParse(t, database).Path, "/")+" TO tradefront_front")
	conn := storetest.Session(t, as(t, postgres.RoleFront, database))
	storetest.RunSQL(t, conn, "CREATE TEMP TABLE online_session (account text, holder bigint, sessions integer, PRIMARY KEY (account, holder))",
		"SELECT online_begin(1, '{}', '{b}', '{1}')", "SELECT online_change(1, 5, '{a}', '{0}', '{2}')")
	var rows int
	if err := storetest.Session(t, database).QueryRow(t.Context(), "SELECT count(*) FROM online_session").Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows, error %v, want 3: they were written into another table", rows, err)
	}
}

func mustParse(t *testing.T, database string) *url.URL {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
