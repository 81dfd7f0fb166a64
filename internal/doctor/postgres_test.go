package doctor

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// onPostgres is a house whose records go to a new database.
func onPostgres(t *testing.T) (h *house, super *postgres.Store) {
	t.Helper()
	url := pgtest.Database(t)
	h = newHouse(t)
	h.firm += "store:\n  driver: postgres\n  url: \"" + url + "\"\n"
	return h, storetest.Connect(t, url, postgres.Options{})
}

// TestPostgres takes one database from empty to sound, and then spoils it in every way.
func TestPostgres(t *testing.T) {
	h, super := onPostgres(t)
	r := h.examine()
	wantIn(t, r, "postgres", Pass)
	wantIn(t, r, "postgres_version", Pass)
	wantIn(t, r, "postgres_clock", Fail) // the house lives in March
	if f := wantIn(t, r, "schema", Fail); !strings.Contains(f.Detail.EN, "migrate") && !strings.Contains(f.Next.EN, "migrate") {
		t.Errorf("%+v", f)
	}
	for _, name := range []string{"rights", "partitions", "master_key", "disk_space"} { // an empty database is no fault of theirs
		if f := wantIn(t, r, name, Skip); !strings.Contains(f.Detail.EN, "see the line schema") {
			t.Errorf("%+v", f)
		}
	}

	if _, err := super.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.withApp(super.Tables())
	r = h.examine()
	for _, name := range []string{"schema", "rights", "postgres_settings", "master_key"} {
		wantIn(t, r, name, Pass)
	}
	wantIn(t, r, "disk_space", Skip)
	wantIn(t, r, "partitions", Warn)
	if err := super.EnsurePartitions(t.Context(), []calendar.TradingDay{20260304, 20260305}); err != nil {
		t.Fatal(err)
	}
	if err := super.CopyIn(t.Context(), storetest.Records(20260304, 3)); err != nil {
		t.Fatal(err)
	}
	r = h.examine()
	wantIn(t, r, "partitions", Pass)
	wantIn(t, r, "disk_space", Pass)
	wantIn(t, r, "old_days", Pass)
	if err := super.EnsurePartitions(t.Context(), []calendar.TradingDay{20250102}); err != nil {
		t.Fatal(err)
	}
	if f := wantIn(t, h.examine(), "old_days", Warn); !strings.Contains(f.Detail.EN, "the oldest is 20250102") {
		t.Errorf("%+v", f)
	}

	storetest.Execute(t, super, "CREATE RULE spoils AS ON DELETE TO app DO INSTEAD NOTHING")
	h.want("postgres_settings", Warn)
	h.anotherMasterKey()
	h.want("master_key", Fail)
}

// TestPostgresRights: a role that lacks a right fails, and one that may too much warns.
func TestPostgresRights(t *testing.T) {
	h, super := onPostgres(t)
	if _, err := super.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../deploy/sql/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // they are roles of the whole cluster: another test would meet them, without their rights in its database
		for _, role := range []string{postgres.RoleOwner, postgres.RoleFront, postgres.RoleReport, postgres.RoleAdmin} {
			for _, drop := range []string{"DROP OWNED BY " + role + " CASCADE", "DROP ROLE " + role} {
				if _, err := super.Tables().ExecContext(context.Background(), drop); err != nil {
					t.Error(err)
				}
			}
		}
	})
	storetest.Execute(t, super, string(script))
	h.want("rights", Pass)
	storetest.Execute(t, super, "GRANT DELETE ON record TO "+postgres.RoleFront)
	h.want("rights", Warn)
	storetest.Execute(t, super, "REVOKE SELECT ON app FROM "+postgres.RoleFront)
	h.want("rights", Fail)
}

// TestPostgresUnusable: a server that would lose a commit, or does not know the user, fails by the line postgres; what would need it is skip.
func TestPostgresUnusable(t *testing.T) {
	h, super := onPostgres(t)
	storetest.Execute(t, super, "ALTER ROLE postgres SET synchronous_commit = off")
	r := h.examine()
	storetest.Execute(t, super, "ALTER ROLE postgres RESET synchronous_commit")
	if f := wantIn(t, r, "postgres", Fail); !strings.Contains(f.Detail.EN, "synchronous_commit is off") {
		t.Errorf("%+v", f)
	}
	for _, name := range []string{"schema", "rights", "postgres_settings", "partitions", "postgres_clock", "postgres_version", "master_key", "disk_space"} {
		wantIn(t, r, name, Skip)
	}
	h.replace("postgres://postgres@", "postgres://stranger:a-password-of-old@")
	f := h.want("postgres", Fail)
	if strings.Contains(f.Detail.EN, f.Next.EN) {
		t.Errorf("the next step is told twice: %+v", f)
	}
	if strings.Contains(lines(h.examine()), "a-password-of-old") {
		t.Errorf("a password is shown: %+v", f)
	}
}

// TestPostgresClock: a second apart warns, a minute apart, with which reports refuse, fails.
func TestPostgresClock(t *testing.T) {
	h, _ := onPostgres(t)
	for apart, want := range map[time.Duration]Status{0: Pass, 10 * time.Second: Warn, 5 * time.Minute: Fail} {
		h.now = time.Time{}
		h.apart = apart
		f := h.want("postgres_clock", want)
		for _, side := range []string{"ahead of", "behind"} {
			if told := strings.Contains(f.Detail.EN, " s "+side+" PostgreSQL's"); apart != 0 && told != (side == "ahead of") {
				t.Errorf("%v apart: %s", apart, f.Detail.EN)
			}
		}
	}
	h.apart = -5 * time.Minute
	if f := h.want("postgres_clock", Fail); strings.Contains(f.Detail.EN, "-") || !strings.HasSuffix(f.Detail.EN, " s behind PostgreSQL's") {
		t.Errorf("%+v", f)
	}
}
