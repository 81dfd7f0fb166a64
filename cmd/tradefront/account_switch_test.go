package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAccountStates(t *testing.T) {
	newSite(t)
	write(t, "password", "pass-word\n")
	const why = " --why asked-by-telephone"
	play(t, []step{
		{"account add --account 88 --password-file password" + onC, "", 0, "added account 88 (customer)", ""},
		{"account disable --account 88" + onC, "", 2, "", "…\"why\" not set…"},
		{"account disable --account 88 --why=" + onC, "", 1, "", "tradefront: --why: say who asked for it…"},
		{"account disable --account 99" + onC + why, "", 1, "", "tradefront: there is no account 99; see `tradefront account list`"},
		{"account disable --account 88" + onC + why, "", 0, "account 88 is disabled; running fronts…", ""},
		{"account disable --account 88" + onC + why, "", 0, "account 88 is already disabled; nothing was changed", ""}, // and no action
		{"account list" + onC, "", 0, "…\n88 …disabled…", ""},
		{"account enable --account 88 -o json" + onC, "", 0, "{…\"state\": \"enabled\",\n  \"state_before\": \"disabled\"\n}", ""},
		{"account remove --account 88" + onC + why, "", 0, "account 88 is removed, the records of its logins stay…", ""},
		{"account list -o json" + onC, "", 0, "[]", ""},
		{"account enable --account 88" + onC, "", 1, "", "tradefront: there is no account 88…"},
		{"account add --account 88 --password-file password" + onC, "", 0, "added account 88 (customer)", ""},
	})
	var list []shownActionJSON
	out := tradefront("", "actions", "list", "-o", "json", "-c", "tradefront.yaml", "--subject", "88")
	if err := json.Unmarshal([]byte(out.out), &list); err != nil {
		t.Fatal(err, out)
	}
	var said []string
	for _, a := range list {
		if a.User == "" || a.Host == "" || a.At.IsZero() {
			t.Errorf("%+v", a)
		}
		said = append(said, a.Command+"|"+a.Changes[0].Old+"|"+a.Changes[0].New+"|"+a.Why)
	}
	want := "account add||customer| account disable|enabled|disabled|asked-by-telephone account enable|disabled|enabled| " +
		"account remove|enabled|removed|asked-by-telephone account add||customer|"
	if got := strings.Join(said, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestAccountsOfATradingCore are not this program's to disable.
func TestAccountsOfATradingCore(t *testing.T) {
	newSite(t)
	write(t, "linked.yaml", strings.Replace(read(t, "tradefront.yaml"), "core:\n", "core:\n  driver: link\n  link: {endpoints: [\"unix:/run/core.sock\"]}\n", 1))
	out := tradefront("", "account", "disable", "-c", "linked.yaml", "--account", "88", "--why", "x")
	if out.status == 0 || !strings.Contains(out.err, "the accounts are the trading core's") {
		t.Errorf("%+v", out)
	}
}
