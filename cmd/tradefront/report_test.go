package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
)

func TestReportExport(t *testing.T) {
	newSite(t)
	const (
		export     = "report export" + onC + " --day "
		ofNothing  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		notADay    = "want YYYYMMDD, for example 20260105"
		asJSON     = "{\n  \"path\": \"0001clientinfo20260105.txt\",…\"trading_day\": \"20260105\",\n  \"kind\": \"full\",\n  \"rows\": 0,\n  \"bytes\": 0,\n  \"sha256\": \"" + ofNothing + "\"…}"
		folderGone = "tradefront: export of 20260105: output directory: nosuch is not there: make it, or name another"
	)
	play(t, []step{
		{export + "20260104", "", 1, "", "tradefront: --day: 20260104 is not a trading day: its logins belong to 20260105"},
		{export + "20261001", "", 1, "", "tradefront: --day: 20261001 is not a trading day: its logins belong to 20261008"},
		{export + "2026-01-05", "", 1, "", "tradefront: --day: \"2026-01-05\" is not a day: " + notADay},
		{export + "20260230", "", 1, "", "tradefront: --day: \"20260230\" is not a day: " + notADay},
		{export + "20260105 --out nosuch", "", 1, "", folderGone},
		{export + "20260105 --out tradefront.yaml", "", 1, "", "tradefront: export of 20260105: output directory: tradefront.yaml is not a directory"},
		{export + "20260105 --out keys", "", 0, "keys/0001clientinfo20260105.txt: 0 rows, 0 B, sha256 " + ofNothing + "…", ""},
		{export + "20260105 -o json", "", 0, asJSON, ""},
	})
	if read(t, "keys/0001clientinfo20260105.txt") != "" {
		t.Error("a day without logins has lines")
	}
	remove(t, "calendar.yaml")
	play(t, []step{{export + "20260105", "", 1, "", "…calendar_file: …calendar.yaml…"}})
}

// A damaged store that is not recovered holds records that the report would lack.
func TestReportWaitsForRecovery(t *testing.T) {
	newSite(t)
	const export = "report export" + onC + " --day 20260105"
	const aside = "tradefront.db.corrupt-20260105T070000Z"
	write(t, aside, "")
	play(t, []step{
		{export, "", 1, "", "tradefront: export of 20260105: the report of 20260105 would not be complete…has 1 corrupt stores…tradefront local recover…report waive --day 20260105…"},
		{"report status" + onC + " --day 20260105", "", 0, "…tradefront local recover…", ""},
		{export + " --despite-fronts", "", 0, "0001clientinfo20260105.txt: 0 rows…warning: INCOMPLETE…waived by …: --despite-fronts…", ""},
	})
	const second, waive = "tradefront.db.corrupt-20260105T080000Z", "report waive" + onC + " --day 20260105"
	write(t, second, "") // what was waived is one
	play(t, []step{
		{export, "", 1, "", "…has 2 corrupt stores…"},
		{waive, "", 2, "", "…required flag…reason…"},
		{waive + " --reason=", "", 1, "", "tradefront: a waiver needs a reason…"},
		{waive + " --reason disk-lost", "", 0, "waived of 20260105, by …@…: disk-lost\n  front 1 …2 corrupt stores…report export --day 20260105", ""},
		{waive + " --reason disk-lost", "", 1, "", "tradefront: there is nothing to waive…not waived already (1)"},
		{"report status" + onC + " --day 20260105", "", 0, "…INCOMPLETE as far as is known, and waived (1)…disk-lost…", ""},
		{"report status" + onC + " --day 20260105 --lang zh", "", 0, "…已知不完整，已放行（1 项）…disk-lost…", ""},
		{export, "", 0, "0001clientinfo20260105.txt: 0 rows…warning: INCOMPLETE…disk-lost…", ""},
		{"report verify" + onC + " 0001clientinfo20260105.txt", "", 1, "INCOMPLETE…waived by …disk-lost…", "…INCOMPLETE as far as is known, do not hand in…"},
	})
	remove(t, aside)
	remove(t, second)
	play(t, []step{
		{export, "", 0, "0001clientinfo20260105.txt: 0 rows…", ""},
		{waive + " --reason disk-lost", "", 1, "", "tradefront: there is nothing to waive: nothing keeps the report of 20260105 back"},
	})
}

// A day without logins has a page that says so; the page takes no other file's place.
func TestReportQuality(t *testing.T) {
	newSite(t)
	const quality = "report quality" + onC + " --day 20260105"
	play(t, []step{
		{quality + " --html page.html", "", 0, "…20260105…0 行…", ""},
		{quality + " --html page.html -o json", "", 0, "…\"trading_day\": \"20260105\",\n  \"day_before\": \"20251231\"…", ""},
		{quality + " --html master.key", "", 1, "", "tradefront: --html: master.key is there, and is no page about a report…"},
		{"report quality" + onC + " --day 20260104", "", 1, "", "…not a trading day…"},
	})
	if page := read(t, "page.html"); !strings.Contains(page, "0 行") || strings.Contains(page, "<script") {
		t.Error(page)
	}
}

// The running day is refused, and the answer says what to do; --partial does it.
func TestReportOfTheRunningDay(t *testing.T) {
	newSite(t)
	days, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	// Far enough from 15:30 that the test does not run over it.
	day, _ := days.TradingDayOf(time.Now().Add(time.Minute))
	export := "report export" + onC + " --day " + day.String()
	play(t, []step{
		{export, "", 1, "", "tradefront: export of " + day.String() + ": the window of " + day.String() + " closes at …15:30:00 (UTC+8)…--partial"},
		{export + " --partial", "", 0, "0001clientinfo" + day.String() + ".txt: 0 rows…", ""},
	})
}

func TestMigrateOfTheEmbeddedStore(t *testing.T) {
	newSite(t)
	current := step{"migrate" + onC, "", 0, "the local store tradefront.db is current", ""}
	play(t, []step{current, current})
}

func TestMigrateWithoutItsDatabase(t *testing.T) {
	newSite(t)
	// Port 1 of this machine: no server listens there.
	got := tradefrontWith([]string{"TRADEFRONT_STORE_DRIVER=postgres", "TRADEFRONT_STORE_URL=postgres://u:db-secret@127.0.0.1:1/d"},
		"", "migrate", "-c", "tradefront.yaml")
	if got.status != 1 || got.out != "" || !like("tradefront: PostgreSQL cannot be used: …; check store.url and that the server runs", got.err) {
		t.Errorf("%+v", got)
	}
	if like("…db-secret…", got.err) {
		t.Errorf("the message tells the database's password: %s", got.err)
	}
}

// A new firm is not asked for reports of days that were over before its store was made.
func TestReportStatusOfANewFirm(t *testing.T) {
	newSite(t)
	got := tradefront("", "report", "status", "-o", "json", "-c", "tradefront.yaml")
	var list []struct {
		End time.Time `json:"window_end"`
	}
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || got.status != exitDone || len(list) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, d := range list {
		if d.End.Before(time.Now().Add(-25 * time.Hour)) {
			t.Errorf("a day that ended at %s is asked for", d.End)
		}
	}
}

// The handbook adds --config to each command, merge among them.
func TestReportMergeTakesTheConfiguration(t *testing.T) {
	newSite(t)
	for _, dir := range []string{"a", "b", "other", "out"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"a/0001clientinfo20260105.txt", "b/0001clientinfo20260105.txt", "other/0002clientinfo20260105.txt"} {
		write(t, path, "")
	}
	play(t, []step{
		{"report merge" + onC + " --out out a/0001clientinfo20260105.txt b/0001clientinfo20260105.txt", "", 0, "…out/0001clientinfo20260105.txt: 0 rows…", ""},
		{
			"report merge" + onC + " --out out other/0002clientinfo20260105.txt b/0001clientinfo20260105.txt", "", 1, "",
			"tradefront: merge: other/0002clientinfo20260105.txt is the report of unit 0002, the configuration is of 0001",
		},
		{"report merge -c nosuch.yaml --out out a/0001clientinfo20260105.txt b/0001clientinfo20260105.txt", "", 1, "", "…nosuch.yaml…"},
	})
}
