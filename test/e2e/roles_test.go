package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestRolesOfTheDatabase: everything that a firm does, each part under its own role of
// roles.sql: migrate, commands, the daemon under load, the report. And what a command may
// not do under another's role it does not do, and fails with the reason.
func TestRolesOfTheDatabase(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../deploy/sql/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	c := pgtest.Start(t)
	c.SQL(string(script))
	as := func(role string) string { return strings.Replace(c.URL(), "postgres@", role+"@", 1) }
	role := postgres.RoleOwner
	s := newSite(t, as(role), "auth: {refresh: 100ms}\n")
	become := func(next string) {
		t.Helper()
		s.replaceConfig(as(role), as(next))
		role = next
	}
	_, said, err := s.try("", "migrate")
	if err != nil || strings.Count(said, "\n") != 2 || !strings.Contains(said, "rights on these tables (--verbose lists them)\n") ||
		!strings.HasSuffix(said, "next: run deploy/sql/roles.sql once more, as a superuser\n") {
		t.Errorf("migrate before the grants: %v, %s", err, said)
	}
	if _, said, err := s.try("", "migrate", "-v"); err != nil || !strings.Contains(said, "warning: tradefront_front lacks INSERT on record.supplement\n") {
		t.Errorf("migrate -v before the grants: %v, %s", err, said)
	}
	c.SQL(string(script))
	if out, said, err := s.try("", "migrate"); err != nil || said != "" || out != "the schema is current\n" {
		t.Errorf("migrate after the grants: %v, %s%s", err, out, said)
	}

	become(postgres.RoleAdmin)
	other := s.addApp("client_two_1.0")
	s.addAccount("7000001", "2")
	s.cli("", "app", "rotate", "--app-id", string(other.AppID))
	s.cli("", "app", "disable", "--app-id", string(other.AppID))
	s.cli("", "account", "unlock", "--account", "7000001")
	s.cli("", "masterkey", "rotate", "--begin")
	s.cli("", "masterkey", "rotate")
	s.cli("", "masterkey", "rotate", "--finish")
	s.apps = s.apps[:1] // the other is disabled

	become(postgres.RoleFront)
	d := s.serve()
	d.awaitPage(t, "/readyz", `"name":"report_obstacles","ready":true`)
	l := d.storm(t)
	l.until(100)
	d.kill() // the next start sends its rows again, as in doubt
	answers := l.end()
	d = s.serve()
	l = d.storm(t)
	l.until(100)
	d.stop()
	answers = append(answers, l.end()...)
	if strings.Contains(d.log.String(), "permission denied") {
		t.Error("the daemon lacks a right")
	}
	day := s.days(answers)[0]
	refused := func(args ...string) {
		t.Helper()
		_, said, err := s.try("", args...)
		if err == nil || !strings.Contains(said, "permission denied") || !strings.Contains(said, "the role of the database's URL has not the right to do this") ||
			!strings.Contains(said, "next: `tradefront "+strings.Join(args[:2], " ")+"` works as role tradefront_") {
			t.Errorf("%s, tradefront %s: %v, %s", role, strings.Join(args, " "), err, said)
		}
	}
	refused("report", "export", "--partial", "--day", day, "--out", s.dir)
	refused("app", "add", "--app-id", "client_own_1.0")
	refused("app", "disable", "--app-id", appID)
	refused("report", "day", "--out", s.dir)
	reportUnderRole(t, s, as)
	explainUnderRole(t, s)

	become(postgres.RoleAdmin)
	refused("report", "export", "--partial", "--day", day, "--out", s.dir)
	giveUpUnderRoles(t, s, as(postgres.RoleFront))

	become(postgres.RoleReport)
	refused("app", "list")
	s.checkInvariant(answers)

	c.SQL("CREATE DATABASE bare")
	c.SQLIn("bare", "REVOKE CREATE ON SCHEMA public FROM PUBLIC") // as PostgreSQL 15 and newer have it by themselves
	s.replaceConfig("/postgres?", "/bare?")
	if _, said, err := s.try("", "migrate"); err == nil || !strings.Contains(said, "next: `tradefront migrate` works as role tradefront_owner of deploy/sql/roles.sql") {
		t.Errorf("%s, migrate: %v, %s", role, err, said)
	}
}

// reportUnderRole: the report's timer has the front's configuration, and the variable names the role that may read records.
func reportUnderRole(t *testing.T, s *site, as func(role string) string) {
	t.Helper()
	file := filepath.Join(s.dir, "report-url")
	if err := os.WriteFile(file, []byte(as(postgres.RoleReport)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const day = "20260105"
	recs := ofThisFirm(3)
	s.answered("answered.jsonl", day, recs)
	s.put(as(postgres.RoleFront), recs)
	out := filepath.Join(s.dir, "timer")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "report", "day", "--config", s.config, "--out", out, "--day", day, "--audit", filepath.Join(s.dir, "answered.jsonl"))
	cmd.Env = append(os.Environ(), "TRADEFRONT_STORE_URL_FILE="+file, "TRADEFRONT_LANG=en")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("report day with the URL of tradefront_report: %v\n%s", err, said)
	}
	if files, err := filepath.Glob(filepath.Join(out, "*.manifest*")); err != nil || len(files) != 1 {
		t.Errorf("manifests %v, %v", files, err)
	}
}

// explainUnderRole: a front's role may not read a ciphertext, so explain tells of the visit, and which role reads the record.
func explainUnderRole(t *testing.T, s *site) {
	t.Helper()
	_, rest, _ := strings.Cut(string(s.read("audit.jsonl")), `"record_id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	out, said, err := s.try("", "explain", id)
	if err != nil || !strings.Contains(out, "one visit") || !strings.Contains(out, "warning: the store was not read") ||
		!strings.Contains(out, "permission denied") ||
		!strings.Contains(said, "next: `tradefront explain` works as role tradefront_report") {
		t.Errorf("explain %s as a front's role: %v, %s%s", id, err, out, said)
	}
}

// giveUpUnderRoles: what is given up is waived in the ledger, by administration and on a front's machine.
func giveUpUnderRoles(t *testing.T, s *site, front string) {
	t.Helper()
	pg, err := postgres.Open(t.Context(), storetest.URL(t, front), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	day := calendar.TradingDay(20260105)
	if _, err := pg.ReportFront(t.Context(), &store.FrontReport{
		FrontID: 9, StoreID: uuid.New(), Process: uuid.New(), Host: "ninth", Started: time.Now(), Counted: time.Now(), Stopped: true,
		Held: map[calendar.TradingDay]store.Held{day: {Pending: 3}},
	}, time.Now); err != nil {
		t.Fatal(err)
	}
	s.cli("", "front", "retire", "9", "--force")
	lost := []settlement.Loss{{Day: day, Where: "record 1", What: "was altered", Records: 1}}
	if err := settlement.GiveUp(t.Context(), pg, store.Waiver{At: time.Now(), By: "a@b", Reason: "a test"}, lost); err != nil {
		t.Error(err)
	}
	if all, err := pg.Waivers(t.Context(), day); err != nil || len(all) != 2 || all[0].Reason != "front retire --force" {
		t.Errorf("waivers %+v, %v", all, err)
	}
}
