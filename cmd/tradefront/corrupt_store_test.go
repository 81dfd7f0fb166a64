package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// damagedSite has an AppID, an account and n records, and a page of these is damaged.
func damagedSite(t *testing.T, n int) []store.Record {
	t.Helper()
	newSite(t)
	write(t, "code", givenCode+"\n")
	write(t, "password", "pass-word\n")
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{"account add --account 88 --password-file password" + onC, "", 0, "added account 88…", ""},
	})
	local, err := journal.Open(t.Context(), "tradefront.db", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	recs := storetest.Records(storetest.Day, n)
	if err := local.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	if err := local.Close(); err != nil {
		t.Fatal(err)
	}
	file := []byte(read(t, "tradefront.db"))
	for page := len(file) / 4096 / 2; ; page++ {
		if file[page*4096] == 0x0d { // a leaf of a table, in the middle of the file: records
			file[page*4096] = 0x77
			break
		}
	}
	write(t, "tradefront.db", string(file))
	return recs
}

// TestServeWithDamagedStore: the front sets the store aside, starts anew with its AppIDs and
// accounts, serves, and says so until an operator has acted.
func TestServeWithDamagedStore(t *testing.T) {
	damagedSite(t, 500)
	for start := range 2 { // the second finds a sound store beside the damaged one
		front := serve(t)
		play(t, []step{{
			"ping --address " + front.address + " --app-id a_b_1 --authcode-file code --account 88 --password-file password",
			"", 0, "…login …", "",
		}})
		if status := front.stop(); status != exitDone {
			t.Errorf("start %d: exit status %d: %s", start, status, front.errOut.String())
		}
		if said := strings.Contains(front.errOut.String(), "the start moves it away whole"); said != (start == 0) {
			t.Errorf("start %d: it says that a store is corrupt: %v\n%s", start, said, front.errOut.String())
		}
	}
	setAsideAs(t)
}

// TestLocalCommands: what a damaged store held is seen and brought back beside the front.
func TestLocalCommands(t *testing.T) {
	recs := damagedSite(t, 500)
	play(t, []step{{"local inspect" + onC, "", 1, "tradefront.db: …\nDAMAGED: …", "tradefront: tradefront.db is damaged"}})
	front := serve(t)
	aside := setAsideAs(t)
	play(t, []step{
		{"local inspect" + onC, "", 0, "tradefront.db: …\nsound: every page was checked\n…\n0 in quarantine, 0 altered, 0 without a checksum\n" +
			"corrupt store, not recovered: " + aside + "; next: tradefront local recover", ""},
		{"local inspect --file " + aside + onC, "", 1, aside + ": …DAMAGED: …\n20260105     49…\nnot to be had: …", "tradefront: " + aside + " is damaged"},
		{"local recover tradefront.db" + onC, "", 1, "", "tradefront: tradefront.db is the store in use: …"},
		{"local recover nosuch" + onC, "", 1, "", "tradefront: stat nosuch: no such file or directory"},
		{
			"local recover" + onC, "", 1, aside + ": 49… rows brought back, 0 were here already, 0 of all without a checksum\nnot to be had: …it stays where it is…",
			"tradefront: not everything could be brought back, so reports of those days go on waiting; …--accept-loss",
		},
		{"report status" + onC + " --day 20260105", "", 0, "…tradefront local recover…", ""},
		{"local recover --accept-loss" + onC, "", 0, aside + ": 0 rows brought back, 49… were here already, 0 of all without a checksum\nnot to be had: …it is tradefront.db.recovered-…", ""},
		{"local recover" + onC, "", 0, "there is no corrupt store", ""},
		{"report export" + onC + " --day 20260105", "", 0, "…warning: INCOMPLETE…local store " + aside + " of front 1 was damaged…waived by …: local recover --accept-loss)…", ""},
	})
	got := tradefront("", strings.Fields("local inspect -o json"+onC)...)
	var in inspectedJSON
	if err := json.Unmarshal([]byte(got.out), &in); err != nil || got.status != exitDone {
		t.Fatalf("%+v, %v", got, err)
	}
	if lost := len(recs) - int(in.Rows); lost < 1 || lost > 8 || len(in.SetAside) != 0 || len(in.Days) != 1 {
		t.Errorf("a page is damaged, %d records are lost: %+v", lost, in)
	}
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}

// TestAcceptLossOfTwoStores: two damaged stores lack records of one day, and one command accepts both losses.
func TestAcceptLossOfTwoStores(t *testing.T) {
	newSite(t)
	const first, second = "tradefront.db.corrupt-20260105T070000Z", "tradefront.db.corrupt-20260105T080000Z"
	for _, aside := range []string{first, second} {
		local, err := journal.Open(t.Context(), aside, journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := local.Put(t.Context(), storetest.Records(storetest.Day, 2)); err != nil {
			t.Fatal(err)
		}
		if err := local.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Alter(t, aside, "UPDATE record SET account = '77' WHERE seq = 1")
	}
	play(t, []step{
		{"local recover --accept-loss --reason disk" + onC, "", 0, first + ": 1 rows brought back…" + second + ": 1 rows brought back…", ""},
		{
			"report export" + onC + " --day 20260105", "", 0,
			"…: 2 rows…INCOMPLETE…local store " + first + " of front 1 was damaged…: disk)…local store " + second + " of front 1 was damaged…: disk)…", "",
		},
	})
}

func setAsideAs(t *testing.T) string {
	t.Helper()
	asides, err := filepath.Glob("tradefront.db.corrupt-*Z")
	if err != nil || len(asides) != 1 {
		t.Fatalf("corrupt stores: %v, %v", asides, err)
	}
	return asides[0]
}
