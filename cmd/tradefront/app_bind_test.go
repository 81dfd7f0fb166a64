package main

import (
	"database/sql"
	"strings"
	"testing"
)

// TestAppBind: what an AppID is bound to is added to, shown and taken back; a slip changes nothing.
func TestAppBind(t *testing.T) {
	newSite(t)
	const bound = "AppID        a_b_1\naccounts     80000001,8001*\nnetworks     192.0.2.0/24\nconfined     70000001"
	play(t, []step{
		{"app add --app-id a_b_1" + onC, "", 0, "…", ""},
		{"relay add --app-id a_relay_1 --type operator --network ::1 --operator 88" + onC, "", 0, "…", "…"},
		{"app bind" + onC, "", 2, "", "tradefront: name the AppID, see `tradefront app list`…"},
		{"app bind a_b_1" + onC, "", 1, "", "tradefront: name what to bind or unbind: --account, --account-prefix, --network or --confine"},
		{"app bind a_b_1 --account 80-1" + onC, "", 1, "", "tradefront: --account 80-1: account: only digits and letters are allowed"},
		{"app bind a_b_1 --network 192.0.2.1/24" + onC, "", 1, "", "tradefront: --network: network 192.0.2.1/24 has bits behind its length…"},
		{"app bind a_b_9 --account 1" + onC, "", 1, "", "tradefront: there is no AppID a_b_9…"},
		{"app bind a_relay_1 --account 1" + onC, "", 1, "", "tradefront: AppID a_relay_1: it is a relay's…`tradefront relay change`…"},
		{
			"app bind a_b_1 --account 80000001 --account-prefix 8001 --network 192.0.2.0/24 --confine 70000001" + onC, "", 0,
			bound + "\nrunning fronts follow within seconds", "",
		},
		{"app bind --app-id a_b_1 --account 80000001" + onC, "", 0, "it is bound so already; nothing was changed\n" + bound, ""},
		{"app show a_b_1" + onC, "", 0, "AppID        a_b_1\ntype         direct, aes, enabled\n…accounts     80000001,8001*\n…", ""},
		{"app list" + onC, "", 0, "…\na_b_1      direct          aes     true     2 accounts, 1 networks, 1 confined  20…", ""},
		{"app show a_b_1 -o json" + onC, "", 0, "{…\"accounts\": [\n    \"80000001\",\n    \"8001*\"\n  ],…\"192.0.2.0/24\"…\"70000001\"…}", ""},
		{"app unbind a_b_1 --account 80000002" + onC, "", 1, "", "tradefront: it is not bound to 80000002; see `tradefront app show`"},
		{
			"app unbind a_b_1 --account 80000001 --account-prefix 8001 --confine 70000001" + onC, "", 0,
			"AppID        a_b_1\naccounts     every account\nnetworks     192.0.2.0/24\nconfined     none\nrunning fronts follow within seconds", "",
		},
		{"app unbind a_b_1 --all" + onC, "", 0, "…networks     every address\n…", ""},
	})
	// What a person wrote by hand and no front can read is shown, and not taken for "every account".
	db, err := sql.Open("sqlite", "tradefront.db")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE app SET bound_accounts = '80-1'"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got := tradefront("", strings.Fields("app show a_b_1"+onC)...)
	if !like("…binding      cannot be read, and fronts leave the AppID out: binding: \"80-1\" is neither…", got.out) {
		t.Errorf("%+v", got)
	}
}
