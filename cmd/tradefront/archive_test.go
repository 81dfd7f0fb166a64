package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestArchive takes one day of PostgreSQL through all commands.
func TestArchive(t *testing.T) {
	newSite(t)
	const archive = "archive --before 20260201 --out files --reports . --audit audit.jsonl" + onC
	play(t, []step{{archive, "", 1, "", "tradefront: store.driver is embedded: …local backup…"}})
	url := pgtest.Database(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	play(t, []step{{"migrate" + onC, "", 0, "…", "…"}})
	db := storetest.Connect(t, url, postgres.Options{})
	const day = calendar.TradingDay(20260105)
	recs := storetest.Records(day, 3)
	if err := db.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	write(t, "audit.jsonl", fmt.Sprintf(`{"time":"2026-01-05T09:00:00+08:00","event":"login","reason":"ok","code":0,"ref":"4CV33T","front_id":1,"session_id":7,`+
		`"address":"203.0.113.9","port":50000,"account":"88888888","record_id":"%s","trading_day":"%s"}`, recs[0].ID, day)+"\n")
	const name = "files/0001archive20260105.zip"
	play(t, []step{
		{archive, "", 1, "", "tradefront: --out: stat files: no such file or directory: make the folder, or name another"},
	})
	if err := os.Mkdir("files", 0o700); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{archive, "", 1, "20260105 stays in the store: its report is not done: …--despite-obstacles…", "tradefront: 1 of 1 days were not archived…"},
		{archive + " --despite-obstacles --why=", "", 1, "", "tradefront: --why: a reason is kept…"},
		{
			archive + " --despite-obstacles --why moved-to-another-system", "", 0,
			"20260105 archived: 0001archive20260105.zip, 3 records…next: copy the files…archive drop…", "",
		},
		{archive, "", 0, "no day before 20260201 is in the store", ""},
		{"report status" + onC + " --day 20260105", "", 0, "…archived: its records are in 0001archive20260105.zip…", ""},
		{"report export" + onC + " --day 20260105", "", 1, "", "…are archived in 0001archive20260105.zip, 3 of them, and the day was never exported…archive restore 0001archive20260105.zip…"},
		{"report day" + onC + " --day 20260105", "", 1, "…切勿报送…", "…"},
		{
			"reconcile" + onC + " --day 20260105 --audit audit.jsonl", "", 1, "",
			"tradefront: nothing was compared: the records of 20260105 are archived in 0001archive20260105.zip; " +
				"bring it back, then reconcile: tradefront archive restore 0001archive20260105.zip",
		},
		{"report quality" + onC + " --day 20260105", "", 1, "", "tradefront: quality of 20260105: nothing was counted: the records of 20260105 are archived in 0001archive20260105.zip…"},
		{"archive list" + onC, "", 0, "DAY…20260105…3…detached…2046-01-06…2031-01-06…0001archive20260105.zip…", ""},
		{"archive verify " + name, "", 0, name + " is whole: trading day 20260105 of 0001, 3 records…records.jsonl: 3 lines…moved-to-another-system", ""},
		{"explain 4CV33T --archive " + name, "", 0, "4CV33T: one visit…0001archive20260105.zip/001-audit.jsonl:1…in the archive " + name + "…", ""},
		{"explain 4CV33T audit.jsonl" + onC, "", 0, "…its day 20260105 is archived in 0001archive20260105.zip: name that file with --archive", ""},
		{"explain 4CV33T --archive " + name + onC + " -o json", "", 0, "…\"stored\": false…\"archive\": \"" + name + "\"…", ""},
		{"audit search --archive " + name + " --account 88888888", "", 0, "…4CV33T…", "…"},
		{"archive drop " + name + onC, "", 0, "0001archive20260105.zip of 20260105: dropped, 3 records", ""},
		{"archive drop " + name + onC, "", 1, "", "tradefront: archive: …is dropped, there is no detached table to drop"},
		{"archive destroy " + name + onC + " --why gdpr", "", 2, "", "tradefront: …say so with --yes\nSee: tradefront archive destroy --help"},
		{"archive destroy " + name + onC + " --yes --why gdpr", "", 1, "", "tradefront: archive: …is kept for 20 years…from 2046-01-06 on, and nothing was done"},
		{"archive restore " + name + onC + " -o json", "", 0, `{…"file": "0001archive20260105.zip",…"day": "20260105",…"state": "restored",…"records": 3…}`, ""},
		{"archive list" + onC + " -o json", "", 0, "…\"state\": \"restored\"…", ""},
		{"reconcile" + onC + " --day 20260105 --audit audit.jsonl", "", 0, "…stored…3…the store…Complete: every answered login is stored…", ""},
		{"actions list" + onC + " --subject 20260105", "", 0, "…archive…moved-to-another-system…archive drop…archive restore…", ""},
	})
	storetest.Stored(t, db, day)
	if got := onTerminal(t, "en", "archive drop "+name+onC); !strings.Contains(got, "\rdropping "+name) {
		t.Errorf("%q", got)
	}
	write(t, "broken.zip", read(t, name)[:200])
	play(t, []step{{"archive verify broken.zip", "", 1, "", "tradefront: archive: broken.zip: zip: not a valid zip file"}})
}
