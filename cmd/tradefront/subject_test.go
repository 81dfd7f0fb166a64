package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/archive"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/internal/subject"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestSubjectExport: all of one account from store, archive and audit log, each login once, nothing of another's; and who asked is noted.
func TestSubjectExport(t *testing.T) {
	newSite(t)
	url := pgtest.Database(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	db := storetest.OpenPostgresAt(t, url, postgres.Options{})
	archived, live := storetest.Records(20260105, 4), storetest.Records(20260106, 4)
	for i := range archived {
		archived[i].Account, live[i].Account = "80000001", "80000001"
	}
	archived[0].Account, live[0].Account = "80000002", "80000002"
	if err := db.CopyIn(t.Context(), append(archived, live...)); err != nil {
		t.Fatal(err)
	}
	before := store.Action{
		ID: uuid.New(), At: time.Now().Add(-60 * 24 * time.Hour), User: "clerk", Host: "office", Command: "account disable", Subject: "80000001", Why: "left-the-firm",
	}
	if err := actions.Write(t.Context(), db.Tables(), &before); err != nil {
		t.Fatal(err)
	}
	path := archiveDay(t, db, 20260105)
	var log strings.Builder
	for _, r := range []store.Record{archived[1], live[1], live[0]} {
		fmt.Fprintf(&log, "{\"time\":\"2026-01-05T01:00:00Z\",\"event\":\"login\",\"reason\":\"ok\",\"record_id\":%q,\"account\":%q,\"address\":\"203.0.113.9\",\"port\":4711}\n", r.ID, r.Account)
	}
	fmt.Fprintln(&log, `{"time":"2026-01-05T01:00:00Z","event":"unanswered","reason":"ok","record_id":"019b7c1e-5c00-7d4e-8a3b-0123456789ab","account":"80000001","address":"203.0.113.8","port":1,"trading_day":"20260105"}`)
	// A login whose record was in doubt, and which no store has, is none; of one that the store has the line tells the address.
	const inDoubt = "{\"time\":\"2026-01-06T01:00:00Z\",\"event\":\"login\",\"reason\":\"store_in_doubt\",\"code\":8,\"record_id\":%q,\"account\":\"80000001\",\"address\":\"203.0.113.7\",\"port\":7}\n"
	fmt.Fprintf(&log, inDoubt+inDoubt, "019b7c1e-5c00-7d4e-8a3b-0123456789ff", live[2].ID)
	write(t, "audit.log", log.String())
	write(t, "torn.log", log.String()+`{"time":"2026-01-05T01:00:01Z","event":"login","account":"80000001","addr`)
	export := "subject export 80000001" + onC + " --out asked.json --audit audit.log --archive " + path
	play(t, []step{
		{export, "", 2, "", "…why…not set…"},
		{export + " --why=", "", 1, "", "tradefront: --why: say who asked…"},
		{export + " --why request-17", "", 0, "asked.json and asked.json.csv: 7 logins of account 80000001", "warning: of 3 logins the address is not known…"},
		{export + " --why request-17", "", 1, "", "tradefront: --out: asked.json is there, and is not replaced…"},
		{
			"subject export 80000001" + onC + " --out less.json --audit audit.log --why request-18", "", 0, "less.json and less.json.csv: 5 logins of account 80000001",
			"warning: 1 archives were not read, the first is " + path + ": …warning: of 1 logins the address is not known…",
		},
		{
			"subject export 80000001" + onC + " --out torn.json --audit torn.log --archive " + path + " --why request-19 -o json", "", 0,
			"…\"damaged_logs\": [\n    \"torn.log:7: no entry (damaged lines of this file: 1)\"\n  ]…",
			"warning: torn.log:7: no entry (damaged lines of this file: 1)\nwarning: of 3 logins the address is not known…",
		},
		{"actions list" + onC + " --since 720h --subject 80000001 -o json", "", 0, "[\n  {\n…subject export…", ""},
		{"actions list" + onC + " --subject 80000001", "", 0, "…left-the-firm…subject export…done…request-17…7, to asked.json…failed: --out: asked.json is there…", ""},
	})
	var got subject.Export
	if err := json.Unmarshal([]byte(read(t, "asked.json")), &got); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]subject.Login)
	for _, l := range got.Logins {
		found[l.RecordID] = l
	}
	for _, r := range append(archived[1:4:4], live[1:]...) {
		l, there := found[r.ID.String()]
		if !there || string(l.Terminal) != string(r.Terminal) || string(l.Supplement) != string(r.Supplement) || !l.LoginTime.Equal(r.LoginTime) || l.TradingDay != r.TradingDay.String() {
			t.Errorf("%v: %+v", r.ID, l)
		}
	}
	if l := found[live[1].ID.String()]; l.Address != "203.0.113.9" || l.Port != 4711 || strings.Join(l.Found, " ") != "store audit" {
		t.Errorf("%+v", l)
	}
	if l := found[live[2].ID.String()]; l.Address != "203.0.113.7" || l.Port != 7 || strings.Join(l.Found, " ") != "store" {
		t.Errorf("%+v", l)
	}
	if less := read(t, "less.json"); len(got.NotRead) > 0 || !strings.Contains(less, "\"not_read\": [\n    \""+path+"\"\n  ]") {
		t.Errorf("%q were not read; and without --archive: %.500s", got.NotRead, less)
	}
	if torn := read(t, "torn.json"); len(got.Damaged) > 0 || !strings.Contains(torn, "\"damaged_logs\": [\n    \"torn.log:7: ") {
		t.Errorf("%q were damaged; and of a torn log: %.500s", got.Damaged, torn)
	}
	if len(got.Logins) != 7 || len(got.Sources) != 3 || got.Why != "request-17" {
		t.Errorf("%d logins of %v: %s", len(got.Logins), got.Sources, got.Why)
	}
	table := read(t, "asked.json.csv")
	if strings.Count(table, "\n") != 8 || strings.Contains(table, live[0].ID.String()) || !strings.Contains(table, "203.0.113.8") {
		t.Error(table)
	}
}

// archiveDay archives a day without its files.
func archiveDay(t *testing.T, db *postgres.Store, day calendar.TradingDay) (path string) {
	t.Helper()
	s := archive.Sealer{
		Store: db, Out: ".", ReportUnitID: "0001", By: "a@h", Why: "a test", Now: time.Now,
		Actions: func(context.Context, time.Time, func(*store.Action) error) error { return nil },
	}
	end := day.Date().Add(15*time.Hour + 30*time.Minute)
	sealed, err := s.Seal(t.Context(), &settlement.DayStatus{Day: day, Start: end.Add(-24 * time.Hour), End: end, Records: 4})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(sealed.Path)
}
