package main

import (
	"database/sql"
	"strings"
	"testing"
	"unicode"
)

// TestHostileRowsShowNoEscapes: what a person with a role of the database wrote into it moves no cell, makes no row of a list, and no
// terminal obeys it, whichever command reads it, also where the command refuses the row.
func TestHostileRowsShowNoEscapes(t *testing.T) {
	newSite(t)
	play(t, []step{
		{"app add --app-id a_b_1" + onC, "", 0, "…", ""},
		{"account add --account 80000001 --password-file -" + onC, "Secret123", 0, "…", ""},
		{"relay add --app-id a_relay_1 --type operator --network ::1 --operator 88" + onC, "", 0, "…", "…"},
		{"admission ban 192.0.2.1 --for 1h --why test" + onC, "", 0, "…", ""},
	})
	const evil = "x\x1b[2J\x7f\u009b2J\u202e\u2028\r\n=1"
	db, err := sql.Open("sqlite", "tradefront.db")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"INSERT INTO account SELECT ? || account, user_type, password_hash, created, changed, unlocked, version, state FROM account",
		"UPDATE app SET app_id = ? || app_id WHERE app_id = 'a_b_1'",
		"UPDATE relay SET networks = ?",
		"UPDATE ban SET why = ?, banned_by = why",
		"INSERT INTO ban SELECT ?, ends, created, banned_by, why FROM ban",
	} {
		if _, err := db.Exec(s, evil); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, command := range []string{
		"app list", "app list -o json", "account list", "account list -o json", "account export", "relay list", "relay show a_relay_1", "admission list",
		"actions list", "doctor", "doctor -o json", "config check --deep", "masterkey list", "local inspect", "quarantine list",
	} {
		got := tradefront("", strings.Fields(command+onC)...)
		for _, text := range []string{got.out, got.err} {
			for _, r := range text {
				if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
					t.Errorf("%s shows %U: %q", command, r, text)
					break
				}
			}
			if strings.Contains(text, "[2J") {
				seen++
			}
		}
		if rows := map[string]int{"app list": 3, "account list": 3}[command]; rows > 0 && strings.Count(got.out, "\n") != rows {
			t.Errorf("%s has not %d lines:\n%s", command, rows, got.out)
		}
	}
	if seen < 8 {
		t.Errorf("only %d texts had what was written", seen)
	}
}
