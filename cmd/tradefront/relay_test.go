package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

const onRelay = " a_relay_1" + onC

// TestRelays: what an operator does with relays, and what the slips say.
func TestRelays(t *testing.T) {
	newSite(t)
	const notThere = "tradefront: there is no relay no_relay_1 (AppIDs are case-sensitive); see `tradefront relay list`"
	play(t, []step{
		{"relay list -o json" + onC, "", 0, "[]", ""},
		{"relay add --app-id a_relay_1" + onC, "", 2, "", "tradefront: required flag(s) \"type\" not set\nSee: tradefront relay add --help"},
		{"relay add --app-id a_relay_1 --type direct" + onC, "", 2, "", "…want investor (many-to-many, 多对多) or operator (一对多)…"},
		{"relay add --app-id a_relay_1 --type operator --network 10.1.2.3/24" + onC, "", 1, "", "tradefront: --network: network 10.1.2.3/24 has bits behind its length: did you mean 10.1.2.0/24?"},
		{"relay add --app-id a_relay_1 --type operator --scope all" + onC, "", 1, "", "tradefront: --scope is for operators: name one with --operator"},
		{"relay add --app-id a_relay_1 --type investor --operator 8000" + onC, "", 1, "", "tradefront: --operator and --scope are an operator relay's…"},
		{"relay add --app-id a_relay_1 --type operator --terminal-apps none" + onC, "", 1, "", "tradefront: terminal apps: \"none\", want listed or audit"},
		{"relay add --app-id a_relay_1 --type operator --operator 8000 --scope group:1" + onC, "", 1, "", "tradefront: scope \"group:1\" is none of all, prefix:P, single:ACCOUNT…"},
		{"relay list -o json" + onC, "", 0, "[]", ""}, // nothing of all that was left
		{
			"relay add --app-id a_relay_1 --type operator --network 10.1.2.0/24 --network ::1 --operator 8000 --scope prefix:88 --scope 66 --authcode " + givenCode + onC, "", 0,
			"relay     a_relay_1 (operator)\nauthcode  " + givenCode + "\n\nThe authcode is not shown again: give it to who runs the relay by a safe way.",
			"warning: relay.enabled is false in this configuration: fronts that run with it refuse every relay\nwarning: there is no account 8000: it cannot log in until you add it with `tradefront account add --user-type 2`",
		},
		{"relay add --app-id a_relay_1 --type investor" + onC, "", 1, "", "tradefront: AppID a_relay_1 is admitted already; see `tradefront app list` and `tradefront relay show a_relay_1`"},
		{"relay add --app-id b_relay_1 --type investor" + onC, "", 0, "relay     b_relay_1 (investor)…", "warning: relay b_relay_1 has no network, and is refused from every address: tradefront relay change b_relay_1 --add-network CIDR…"},
		{"app add --app-id c_relay_1 --type operator-relay" + onC, "", 0, "AppID     c_relay_1…", ""},
		{"app add --app-id d_direct_1 --type relay" + onC, "", 2, "", "…want direct, investor-relay or operator-relay…"},
		{"app add --app-id d_direct_1" + onC, "", 0, "AppID     d_direct_1…", ""},
		{"app list" + onC, "", 0, "…a_relay_1   operator-relay  aes…\nb_relay_1   investor-relay…\nc_relay_1   operator-relay…\nd_direct_1  direct…", ""},
		{"relay list" + onC, "", 0, "APPID      TYPE      ENABLED  NETWORKS             OPERATORS  SCOPES  TERMINAL APPS  RATE  BURST  WINDOW  CONNECTIONS\n" +
			"a_relay_1  operator  true     10.1.2.0/24,::1/128  8000       1       listed         2000  10000  256     16\n" +
			"b_relay_1  investor  true     none                 none       0       listed         2000  10000  256     16\n" +
			"c_relay_1  operator  true     none                 none       0       listed         2000  10000  256     16", ""},
		{"relay show" + onC, "", 2, "", "tradefront: name the relay: its AppID, see tradefront relay list\nSee: tradefront relay show --help"},
		{"relay show a_relay_1 b_relay_1" + onC, "", 2, "", "tradefront: unexpected argument \"b_relay_1\"…"},
		{"relay show no_relay_1" + onC, "", 1, "", notThere},
		{"relay show d_direct_1" + onC, "", 1, "", "tradefront: AppID d_direct_1: it is no relay: its type is direct, and a type cannot be changed; admit the relay under an AppID of its own"},
		{"relay show --app-id a_relay_1" + onC, "", 0, "relay              a_relay_1\ntype               operator, enabled\nnetworks           10.1.2.0/24,::1/128\n…scope of 8000      1 prefixes, 1 accounts", ""},

		{"relay change no_relay_1 --chained" + onC, "", 1, "", notThere},
		{"relay change --remove-network 10.9.9.0/24" + onRelay, "", 1, "", "tradefront: 10.9.9.0/24 is no network of it; see `tradefront relay show`"},
		{
			"relay change --remove-network ::1 --add-network 10.1.3.0/28 --add-app client_demo_1.0 --terminal-apps audit --chained" + onRelay, "", 0,
			"…networks           10.1.2.0/24,10.1.3.0/28\nterminals' AppIDs  client_demo_1.0 (audit)\n…chained            may carry terminals of another relay…", "warning: relay a_relay_1 may carry only the AppIDs that are named for it from now on, and no other admitted one any more\nwarning: there is…",
		},
		{"relay change --add-app d_direct_1" + onRelay, "", 0, "…client_demo_1.0,d_direct_1 (audit)…", "warning: there is no account 8000…"}, // closed already: no warning of it
		{
			"relay change --remove-app d_direct_1 --remove-app client_demo_1.0" + onRelay, "", 0, "…",
			"warning: relay a_relay_1 may carry every admitted AppID from now on: none is named for it any more\nwarning: there is no account…",
		},
		{
			"relay change --add-client-cert " + strings.Repeat("0", 64) + onRelay, "", 0, "…",
			"warning: relay a_relay_1 may come only with a certificate that is named for it from now on, and without one no more\nwarning: there is…",
		},
		{
			"relay change --add-client-cert " + strings.Repeat("1", 64) + onRelay, "", 0, "…", "warning: there is no account 8000…",
		},
		{
			"relay change --remove-client-cert " + strings.Repeat("0", 64) + " --remove-client-cert " + strings.Repeat("1", 64) + onRelay, "", 0, "…",
			"warning: relay a_relay_1 may come with any certificate, or without one, from now on: none is named for it any more\nwarning: there is no account…",
		},
		{
			"relay change --remove-operator 8000" + onRelay, "", 0, "…operators          none…",
			"warning: relay a_relay_1 has no operator, and takes no login: tradefront relay change a_relay_1 --add-operator ACCOUNT",
		},
		{
			"relay change --add-operator 9000" + onRelay, "", 0, "…operators          9000…", "warning: there is no account 9000…\n" +
				"warning: relay a_relay_1 has no scope, and reports for no account: tradefront relay scope add a_relay_1 all, or prefix:P, or an account",
		},
		{"relay change --remove-operator 9000 --add-operator 8000" + onRelay, "", 0, "…operators          8000…", "warning: there is no account 8000…"},
		{"relay change b_relay_1 --chained" + onC, "", 0, "…", "warning: relay b_relay_1 has no network, and is refused…"}, // an investor relay has no operators
		{"relay limits" + onRelay, "", 2, "", "…at least one of the flags…"},
		{"relay limits --rate 0" + onRelay, "", 1, "", "tradefront: rate: 0, want 1 to 999999"},
		{"relay limits --rate 5000 --burst 50000" + onRelay, "", 0, "…limits             rate 5000, burst 50000, window 256, connections 16…", ""},
		{"relay disable" + onRelay, "", 0, "relay a_relay_1 is disabled; running fronts end its connections within seconds", ""},
		{"relay disable" + onRelay, "", 0, "relay a_relay_1 is already disabled; nothing was changed", ""},
		{"relay show" + onRelay, "", 0, "…type               operator, disabled…", ""},
		{"relay enable" + onRelay, "", 0, "relay a_relay_1 is enabled; running fronts follow within seconds", ""},
		{"relay disable d_direct_1" + onC, "", 1, "", "tradefront: AppID d_direct_1: it is no relay…"},
		{"app disable --app-id a_relay_1" + onC, "", 0, "AppID a_relay_1 is disabled; running fronts follow within seconds", ""},
	})
}

func TestRelayScope(t *testing.T) {
	newSite(t)
	lines := make([]string, 0, 100_000)
	for i := range 100_000 {
		lines = append(lines, fmt.Sprintf("%08d", i))
	}
	write := func(name string, lines []string) {
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\r\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("good.txt", append([]string{"\ufeff# accounts", "", "all"}, lines[:10_000]...)) // many statements, and one of another length
	lines[7], lines[9_999], lines[99_999] = "88 88", "group:1", "1234567890123456789"
	write("bad.txt", lines)
	play(t, []step{
		{"relay add --app-id a_relay_1 --type operator --network ::1 --operator 8000 --operator 9000 --scope 66" + onC, "", 0, "…", "…"},
		{"relay add --app-id b_relay_1 --type investor --network ::1" + onC, "", 0, "…", "…"},
		{"relay scope list" + onRelay, "", 0, "OPERATOR  SCOPE\n8000      single:66\n9000      single:66", ""},
		{"relay scope import a_relay_1 bad.txt" + onC, "", 1, "", "tradefront: bad.txt: 3 wrong lines, and nothing was changed:\n  line 8: \"88 88\"…\n  line 10000: \"group:1\"…\n  line 100000: \"1234567890123456789\"…"},
		{"relay scope import a_relay_1 gone.txt" + onC, "", 1, "", "tradefront: …gone.txt…"},
		{"relay scope import a_relay_1" + onC, "", 2, "", "tradefront: FILE is missing…"},
		{"relay scope list -o json" + onRelay, "", 0, "[\n  {\n    \"operator\": \"8000\",\n    \"scope\": \"single:66\"\n  },\n  {\n    \"operator\": \"9000\",\n    \"scope\": \"single:66\"\n  }\n]", ""},
		{"relay scope import a_relay_1 good.txt --operator 8000 -o json" + onC, "", 0, "{\n  \"added\": 10001,\n  \"removed\": 1,\n  \"now\": 10002\n}", ""},
		{"relay scope import a_relay_1 good.txt --operator 8000" + onC, "", 0, "scope of relay a_relay_1: 0 added, 0 removed, 10002 now; running fronts follow within seconds", ""},
		{"relay scope import --app-id a_relay_1 - --keep" + onC, "prefix:77\n", 0, "scope of relay a_relay_1: 2 added, 0 removed, 10004 now…", ""},
		{"relay scope import --app-id a_relay_1 - --operator 8000" + onC, "66\n", 0, "scope of relay a_relay_1: 1 added, 10002 removed, 3 now…", ""},
		{"relay scope add" + onC, "", 2, "", "tradefront: name the relay and what is meant…"},
		{"relay scope add a_relay_1 prefix:1 67 --operator 7000" + onC, "", 0, "scope of relay a_relay_1: 2 added…", "warning: 7000 is no operator of relay a_relay_1…"},
		{"relay scope add a_relay_1 67" + onC, "", 0, "scope of relay a_relay_1: 2 added…", ""},
		{"relay scope add a_relay_1 8_8" + onC, "", 1, "", "tradefront: scope \"8_8\"…"},
		{"relay scope remove a_relay_1 66 prefix:77" + onC, "", 0, "scope of relay a_relay_1: 0 added, 3 removed, 4 now…", ""},
		{"relay scope list a_relay_1 --operator 7000" + onC, "", 0, "prefix:1\nsingle:67", ""},
		{"relay scope add b_relay_1 all" + onC, "", 1, "", "tradefront: relay b_relay_1 is an investor relay…"},
		{"relay scope add no_relay_1 all" + onC, "", 1, "", "tradefront: there is no relay no_relay_1…"},
	})
}

// TestRelayAddAsJSON: the form of app add, and the type.
func TestRelayAddAsJSON(t *testing.T) {
	newSite(t)
	got := tradefront("", "relay", "add", "-c", "tradefront.yaml", "--app-id", "a_relay_1", "--type", "investor", "--network", "::1", "-o", "json")
	var shown map[string]string
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.status != 0 {
		t.Fatalf("%+v: %v", got, err)
	}
	if len(shown) != 3 || shown["app_id"] != "a_relay_1" || shown["type"] != "investor" || !authCodeForm.MatchString(shown["authcode"]) {
		t.Errorf("%q", got.out)
	}
}
