package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/await"
)

// TestAdmission: what an operator bans is refused by the running front, and let in again once it is lifted; what would keep the firm itself out
// needs --force.
func TestAdmission(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"auth: {refresh: 100ms}\nlimits: {exempt_networks: [\"10.9.0.0/16\"]}\n")
	const why, hours = " --why=ticket-4711", " --for 2h"
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "…", ""},
		{"relay add --app-id a_relay_1 --type investor --network 10.1.2.0/24" + onC, "", 0, "…", "…"},
		{"admission ban" + onC, "", 2, "", "…"},
		{"admission ban 192.0.2.7 --for 2h" + onC, "", 2, "", "…\"why\" not set…"},
		{"admission ban 192.0.2.7 --why= --for 2h" + onC, "", 1, "", "tradefront: --why: say what happened…"},
		{"admission ban 192.0.2.7 --for 2s" + onC + why, "", 1, "", "tradefront: --for 2s: want 1m0s to 8784h0m0s"},
		{"admission ban here" + onC + why + hours, "", 1, "", "tradefront: \"here\" is no address and no network: want 192.0.2.7…"},
		{"admission ban 192.0.2.7/24" + onC + why + hours, "", 1, "", "tradefront: network 192.0.2.7/24 has bits behind its length: did you mean 192.0.2.0/24?"},
		{"admission ban 10.0.0.0/8" + onC + why + hours, "", 1, "", "tradefront: 10.0.0.0/8 is wider than /16…--force…"},
		{"admission ban 10.1.2.9" + onC + why + hours, "", 1, "", "tradefront: 10.1.2.9 is that of relay a_relay_1 (10.1.2.0/24)…--force…"},
		{"admission ban 10.9.1.0/24" + onC + why + hours, "", 1, "", "tradefront: 10.9.1.0/24 is one of limits.exempt_networks…--force…"},
		{"admission ban 127.0.0.1" + onC + why + hours, "", 1, "", "tradefront: 127.0.0.1 is this machine's own…--force…"},
		{"admission unban 192.0.2.7" + onC, "", 1, "", "tradefront: 192.0.2.7 is not banned…"},
		{"admission ban 192.0.2.7" + onC + why + hours, "", 0, "192.0.2.7 is banned until …; running fronts refuse its connections within seconds…", ""},
		{"admission ban 2001:db8::/48 --force" + onC + why + hours, "", 0, "2001:db8::/48 is banned until …", ""},
		{"admission list --front 127.0.0.1:1" + onC, "", 0, "BANNED …\n192.0.2.7 …ticket-4711\n2001:db8::/48 …", "warning: penalties are not shown: …"},
		{"admission unban 2001:db8::/48 -o json" + onC, "", 0, "{\n  \"network\": \"2001:db8::/48\"\n}", ""},
	})
	front := serve(t)
	play(t, []step{
		{"admission ban 127.0.0.1 --force -o json" + onC + why + hours, "", 0, "{\n  \"network\": \"127.0.0.1\",…\"why\": \"ticket-4711\"\n}", ""},
	})
	pings := func() bool {
		return tradefront(givenCode, "ping", "--address", front.address, "--app-id", "a_b_1", "--authcode-file", "-").status == exitDone
	}
	await.True(t, "the banned address to be refused", func() bool { // not only closed, as the ping during which the front takes the ban over
		return !pings() && !strings.Contains(get(t, "http://"+front.admin+"/metrics"), `tradefront_connections_refused_total{reason="source_banned"} 0`)
	})
	var list shownAdmissionJSON
	got := tradefront("", strings.Fields("admission list -o json --front "+front.admin+onC)...)
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || len(list.Bans) != 2 || list.Penalties == nil || got.err != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	front = serve(t) // from its first connection on
	if pings() {
		t.Error("a restart forgot the ban")
	}
	play(t, []step{{"admission unban 127.0.0.1" + onC, "", 0, "127.0.0.1 is not banned any more; …", ""}})
	await.True(t, "the address to be let in again", pings)
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}
