package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
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
	local, err := store.OpenLocal(t.Context(), "tradefront.db", store.LocalOptions{})
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
// accounts, serves, and says so until somebody has acted.
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
		if said := strings.Contains(front.errOut.String(), "it is set aside whole"); said != (start == 0) {
			t.Errorf("start %d: it says that a store is set aside: %v\n%s", start, said, front.errOut.String())
		}
	}
	asides, err := filepath.Glob("tradefront.db.corrupt-*Z")
	if err != nil || len(asides) != 1 {
		t.Errorf("set aside: %v, %v", asides, err)
	}
}
