package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// quarantineSite has four records in quarantine; the first and the third were altered.
func quarantineSite(t *testing.T) []store.Record {
	t.Helper()
	newSite(t)
	local, err := journal.Open(t.Context(), "tradefront.db", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	recs := storetest.Records(storetest.Day, 4)
	if err := errors.Join(local.Put(t.Context(), recs), local.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "tradefront.db")
	if err != nil {
		t.Fatal(err)
	}
	const columns = "seq, record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, " +
		"flag, app_id, account, user_type, front_id, session_id, provisional, crc"
	for _, s := range []string{
		"INSERT INTO quarantine (" + columns + ", error) SELECT " + columns + ", 'its checksum does not match' FROM record",
		"DELETE FROM record",
		"UPDATE quarantine SET account = 'was-altered' WHERE seq IN (1, 3)",
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return recs
}

// TestQuarantineDiscard: beside the front an altered record is printed and then gone; a sound
// one is refused with what to do instead.
func TestQuarantineDiscard(t *testing.T) {
	recs := quarantineSite(t)
	front := serve(t)
	first, sound, third := recs[0].ID.String(), recs[1].ID.String(), recs[2].ID.String()
	unknown := "tradefront: record " + first + " is not in this front's quarantine: see tradefront quarantine list"
	shown := tradefront("", strings.Fields("quarantine show "+first+onC)...).out
	said := "discarded record …: file the output of this command, …The login's true record is lost, …tradefront reconcile …"
	play(t, []step{
		{"report export" + onC + " --day 20260105", "", exitFailed, "", "…would not be complete…front 1 (host …) has 4 records of the day in quarantine…quarantine list…"},
		{"quarantine discard" + onC, "", exitMisuse, "", "…"},
		{"quarantine discard nonsense" + onC, "", exitFailed, "", "tradefront: \"nonsense\" is no RecordID: …"},
		{"quarantine discard " + sound + onC, "", exitFailed, "", "tradefront: this record is sound and is not discarded: …tradefront quarantine release " + sound},
		{
			"quarantine release " + sound + " " + first + onC, "", exitFailed, "",
			"tradefront: record " + first + " was altered in the local store and cannot be released, and nothing was; tradefront quarantine discard gives it up",
		},
		{"quarantine discard " + first + onC, "", exitDone, strings.TrimSuffix(shown, "\n"), said},
		{"quarantine discard " + first + onC, "", exitFailed, "", unknown},
	})
	if !strings.Contains(shown, "was-altered") || !strings.Contains(shown, first) {
		t.Errorf("what it said: %s", shown)
	}
	got := tradefront("", strings.Fields("quarantine discard "+third+" -o json --reason=RAM-was-broken"+onC)...)
	var kept shownRefusedJSON
	if err := json.Unmarshal([]byte(got.out), &kept); err != nil || got.status != exitDone || !like(said, got.err) ||
		kept.RecordID != third || kept.Account != "was-altered" || !kept.Altered || kept.Line != "" {
		t.Errorf("%+v, %v", got, err)
	}
	play(t, []step{
		{"quarantine show " + third + onC, "", exitFailed, "", "…is not in this front's quarantine…"},
		{"quarantine release " + sound + onC + " -o json", "", exitDone, "{\n  \"released\": 1,\n  \"left\": 1\n}", ""},
		{"quarantine release --all" + onC, "", exitDone, "released 1 records; 0 are in quarantine", ""},
		// The loss is in the report's manifest, and verify repeats it.
		{"report export" + onC + " --day 20260105", "", exitDone, "…warning: INCOMPLETE…record " + first + " (row 1 of front 1) was altered…" +
			"waived by …: quarantine discard)…record " + third + "…waived by …: RAM-was-broken)…", ""},
		{"report verify" + onC + " 0001clientinfo20260105.txt", "", exitFailed, "…file_incomplete…: RAM-was-broken…", "…"},
	})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}

// TestQuarantineDiscardUnprinted: what could not be printed is not removed.
func TestQuarantineDiscardUnprinted(t *testing.T) {
	recs := quarantineSite(t)
	for _, form := range []string{"text", "json"} {
		var errOut strings.Builder
		args := strings.Fields("quarantine discard " + recs[0].ID.String() + " -o " + form + onC)
		status := run(args, nil, strings.NewReader(""), &fullDisk{}, &errOut)
		if status != exitFailed || !strings.Contains(errOut.String(), "nothing was discarded") {
			t.Errorf("%s: status %d, %s", form, status, errOut.String())
		}
	}
	play(t, []step{{"quarantine show " + recs[0].ID.String() + onC, "", exitDone, "…was-altered…", ""}})
}
