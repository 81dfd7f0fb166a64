package main

import (
	"database/sql"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/schema"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// readsOnly are the commands that change nothing: they ask, show, check, run, or write what the operator alone has use for.
var readsOnly = strings.Split(`account export,account list,actions list,admission list,app list,app show,archive list,archive verify,audit search,calendar check,calendar show,collect check,collect send,
completion bash,completion fish,completion powershell,completion zsh,config check,config defaults,core-check,core-sim,core-sim ctl,demo,doctor,explain,
front list,front status,front trace,key list,loadtest merge,loadtest run,loadtest verify,local inspect,man,masterkey list,ping,quarantine list,quarantine show,
reconcile,relay check,relay defaults,relay list,relay report,relay scope list,relay serve,relay show,relay status,relay terminals,report quality,
report status,report verify,serve,session list,support-bundle,version`, ",")

// TestEveryChangeIsWrittenDown: each command of the program is in readsOnly or is run here, and then is in `actions list` with who ran it and where.
// A new command that changes something cannot forget it.
func TestEveryChangeIsWrittenDown(t *testing.T) {
	written := make(map[string]bool)
	take := func(t *testing.T, steps []string) {
		t.Helper()
		for _, s := range steps {
			if got := tradefront("pass-word\n", strings.Fields(s+onC)...); got.status != exitDone {
				t.Fatalf("tradefront %s: %+v", s, got)
			}
		}
		var list []shownActionJSON
		if err := json.Unmarshal([]byte(tradefront("", strings.Fields("actions list -o json"+onC)...).out), &list); err != nil {
			t.Fatal(err)
		}
		for i := range list {
			a := &list[i]
			if a.User == "" || a.Host == "" || a.Subject == "" || len(a.Changes) == 0 || a.At.IsZero() {
				t.Errorf("%+v", a)
			}
			written[a.Command] = true
		}
	}
	t.Run("embedded", func(t *testing.T) { take(t, changesOfEmbedded(t)) })
	t.Run("postgres", func(t *testing.T) { take(t, changesOfPostgres(t)) })

	commands(t, func(c *cobra.Command) {
		name := command.NameOf(c)
		reads := slices.ContainsFunc(readsOnly, func(s string) bool { return strings.TrimSpace(s) == name })
		if reads == written[name] {
			t.Errorf("`%s`: in the list of what changes nothing: %t; it wrote an action: %t", name, reads, written[name])
		}
		delete(written, name)
	})
	for _, name := range slices.Sorted(maps.Keys(written)) {
		t.Errorf("`%s` wrote an action and is no command", name)
	}
}

// changesOfEmbedded are commands that succeed one after the other on a site with the embedded store.
func changesOfEmbedded(t *testing.T) []string {
	recs := quarantineSite(t)
	for _, dir := range []string{"reports", "merged", "other"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := auth.CreateMasterKey("agent.key"); err != nil {
		t.Fatal(err)
	}
	write(t, "accounts.csv", "account,password\n77,pass-word\n")
	write(t, "scope.txt", "prefix:66\n")
	write(t, "other/0001clientinfo20260105.txt", "")
	const report = "reports/0001clientinfo20260105.txt"
	return []string{
		"account add --account 88 --password-file -", "account import accounts.csv", "account password --account 88 --password-file -",
		"account unlock --account 88", "account disable --account 88 --why lost", "account enable --account 88",
		"account remove --account 77 --why ended",
		"app add --app-id a_b_1", "app disable --app-id a_b_1", "app enable --app-id a_b_1", "app rotate --app-id a_b_1",
		"app bind a_b_1 --account 88 --network ::1 --confine 88", "app unbind a_b_1 --all",
		"relay add --app-id a_relay_1 --type operator --network ::1 --operator 88", "relay change a_relay_1 --chained", "relay limits a_relay_1 --rate 5",
		"relay disable a_relay_1", "relay enable a_relay_1", "relay scope add a_relay_1 prefix:88", "relay scope remove a_relay_1 prefix:88",
		"relay scope import a_relay_1 scope.txt", "app export --for-relay a_relay_1 --out agent.apps --master-key agent.key",
		"admission ban 192.0.2.7 --for 2h --why scans", "admission unban 192.0.2.7",
		"masterkey rotate --begin", "masterkey rotate", "masterkey rotate --finish",
		"quarantine discard " + recs[0].ID.String(), "quarantine discard " + recs[2].ID.String(), "quarantine release --all",
		"calendar reassign", "report export --day 20260105 --out reports", "report merge --out merged " + report + " other/0001clientinfo20260105.txt",
		"report handed-in " + report + " --receipt R-1", "local backup backup.db",
		"loadtest prepare --accounts 3 --apps 1 --out p.json --beside-real-accounts", "loadtest remove p.json",
	}
}

// changesOfPostgres are those that only PostgreSQL makes possible, and what this folder has beside it. Some fail, as nothing is there
// on which they could succeed: the action says so.
func changesOfPostgres(t *testing.T) []string {
	newSite(t)
	if err := os.Remove("master.key"); err != nil {
		t.Fatal(err)
	}
	url := pgtest.Database(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	before(t, "migrate", exitDone)
	before(t, "masterkey create", exitDone)
	pg := storetest.OpenPostgresAt(t, url, postgres.Options{})
	gone := store.FrontReport{FrontID: 7, StoreID: uuid.New(), Life: uuid.New(), Process: uuid.New(), Host: "gone", Started: time.Now(), Stopped: true, CorruptStores: 1}
	if _, err := pg.ReportFront(t.Context(), &gone, time.Now); err != nil {
		t.Fatal(err)
	}
	before(t, "session end 1 --front 127.0.0.1:1", exitFailed)
	before(t, "front reload --pid 2147483647", exitFailed) // the kernel gives no process such a number
	write(t, "audit.jsonl", "")
	before(t, "report day --day 20260105 --audit audit.jsonl", exitFailed)
	write(t, "tradefront.db.corrupt-20260105T070000Z", "")
	before(t, "local recover --accept-loss --reason tried", exitDone)
	if err := pg.CopyIn(t.Context(), storetest.Records(20260106, 3)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("files", 0o700); err != nil {
		t.Fatal(err)
	}
	const file = "files/0001archive20260106.zip"
	before(t, "archive --before 20260107 --out files --without-reports --without-audit --despite-obstacles --why moved", exitDone)
	before(t, "archive destroy "+file+" --yes --why too-early", exitFailed)
	return []string{
		"report waive --day 20260105 --reason the-disk-is-lost", "front retire 7 --force",
		"archive drop " + file, "archive restore " + file, "subject export 88 --out subject.json --why request-7",
	}
}

func before(t *testing.T, args string, status int) {
	t.Helper()
	if got := tradefront("", strings.Fields(args+onC)...); got.status != status {
		t.Fatalf("tradefront %s: %+v", args, got)
	}
}

// TestWaiverNamesWhomActionsName: behind sudo it is the operator, not root.
func TestWaiverNamesWhomActionsName(t *testing.T) {
	t.Parallel()
	e := &command.Env{Environ: []string{"SUDO_USER=alice"}}
	w, err := e.NewWaiver("", "front retire --force")
	if err != nil {
		t.Fatal(err)
	}
	who, err := actions.Who(e.Environ)
	if err != nil || w.By != who.By() || w.Reason != "front retire --force" {
		t.Errorf("%+v, of %+v, %v", w, who, err)
	}
}

// TestActionsWhilePostgresIsAway: what a command wrote into the local store of this machine, since PostgreSQL was away, is listed there also
// before PostgreSQL is back, with an exit status that says that most are missing.
func TestActionsWhilePostgresIsAway(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: postgres://front@127.0.0.1:1/firm\n")
	got := tradefront("", "actions", "list", "-c", "tradefront.yaml")
	if got.status != exitFailed || got.out != "" || !strings.Contains(got.err, "PostgreSQL cannot be used") ||
		!strings.Contains(got.err, "this machine has no local store") {
		t.Errorf("without a local store: %+v", got)
	}
	storetest.CloseIt(t, storetest.OpenJournalAt(t, "tradefront.db", journal.Options{}))
	before(t, "front reload --pid 2147483647", exitFailed)
	got = tradefront("", "actions", "list", "-c", "tradefront.yaml")
	if got.status != exitFailed || !strings.Contains(got.out, "front reload") || !strings.Contains(got.err, "local store has is shown alone") {
		t.Errorf("with one: %+v", got)
	}
}

// TestActionMigratesNoLocalStore: the front that runs on it may be of the version before, as until a reload after an upgrade of the package.
func TestActionMigratesNoLocalStore(t *testing.T) {
	newSite(t)
	older := olderStore(t)
	got := tradefront("", "front", "reload", "--pid", "2147483647", "-c", "tradefront.yaml")
	if got.status != exitFailed || !strings.Contains(got.err, "process 2147483647: ") || !strings.Contains(got.err, "cannot be told who does this") {
		t.Errorf("%+v", got)
	}
	if now := localSchema(t); now != older {
		t.Errorf("the command migrated the local store of a front to %d", now)
	}
}

// TestNoCommandMigratesARunningFrontsStore: after the package was upgraded the front of the version before runs on until its restart, and
// a store that a command migrated meanwhile would let that front neither start again nor refuse the live upgrade.
func TestNoCommandMigratesARunningFrontsStore(t *testing.T) {
	newSite(t)
	older := olderStore(t)
	sole, err := assemble.SoleFront("tradefront.db")
	if err != nil {
		t.Fatal(err)
	}
	defer sole.Close()
	const leftAlone, refused = "the local store has the schema of the running front's version", "restart the front with this program"
	for args, want := range map[string]string{
		"config check --deep": leftAlone, "doctor": leftAlone, "quarantine list": refused, "actions list": refused, "account list": refused, "migrate": refused,
	} {
		wantUnmigrated(t, args, want, older)
	}
	sole.Close()
	const untouched = "the local store has the schema of an older version"
	wantUnmigrated(t, "config check --deep", untouched, older)
	wantUnmigrated(t, "doctor", untouched, older)
	before(t, "migrate", exitDone)
	if now := localSchema(t); now != older+1 {
		t.Errorf("without a front `migrate` left the store at %d", now)
	}
}

// TestNoCommandMigratesTheStoreBesidePostgres: the same of the commands that open it beside PostgreSQL.
func TestNoCommandMigratesTheStoreBesidePostgres(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+pgtest.Database(t)+"\"\n")
	before(t, "migrate", exitDone)
	older := olderStore(t)
	sole, err := assemble.SoleFront("tradefront.db")
	if err != nil {
		t.Fatal(err)
	}
	defer sole.Close()
	wantUnmigrated(t, "quarantine list", "restart the front with this program", older)
	wantUnmigrated(t, "actions list", "what concerns this machine's local store alone is not shown: ", older)
	wantUnmigrated(t, "config check --deep", "", older)
}

// olderStore makes the local store as the version before left it, and returns its schema.
func olderStore(t *testing.T) int64 {
	t.Helper()
	latest, err := schema.Latest("local")
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.MigrateLocalTo(t.Context(), "tradefront.db", latest-1); err != nil {
		t.Fatal(err)
	}
	return latest - 1
}

// localSchema is the version that the local store has.
func localSchema(t *testing.T) (version int64) {
	t.Helper()
	storetest.ReadLocal(t, "tradefront.db", "SELECT max(version_id) FROM goose_db_version WHERE is_applied", func(r *sql.Rows) error { return r.Scan(&version) })
	return version
}

// wantUnmigrated runs a command, which says that and leaves the local store at that schema.
func wantUnmigrated(t *testing.T, args, says string, schema int64) {
	t.Helper()
	got := tradefront("", strings.Fields(args+onC)...)
	if !strings.Contains(got.out+got.err, says) {
		t.Errorf("%s: %+v, want %q", args, got, says)
	}
	if now := localSchema(t); now != schema {
		t.Fatalf("%s: the local store has schema %d, and had %d", args, now, schema)
	}
}

// TestActionInTheLocalStoreSaysSo: with PostgreSQL away, as for a reload of a unit to whose commands systemd gives no credentials, the action is
// in the local store of this machine. Who looks for it is told, once.
func TestActionInTheLocalStoreSaysSo(t *testing.T) {
	newSite(t)
	before(t, "app add --app-id a_b_1", exitDone)
	away := []string{"TRADEFRONT_STORE_DRIVER=postgres", "TRADEFRONT_STORE_URL=postgres://u@127.0.0.1:1/d?sslmode=disable"}
	got := tradefrontWith(away, "", "front", "reload", "--pid", "2147483647", "-c", "tradefront.yaml")
	if said := strings.Count(got.err, "who does this is in the local store of this machine"); got.status != exitFailed || said != 1 {
		t.Errorf("said %d times: %+v", said, got)
	}
	if got := tradefront("", "actions", "list", "-c", "tradefront.yaml"); !strings.Contains(got.out, "front reload") {
		t.Errorf("%+v", got)
	}
}
