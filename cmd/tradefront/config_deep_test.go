package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/test/pgtest"
)

// What plain check cannot see it says that it did not see; --deep looks, changes nothing, and
// names each fault with what to do.
func TestConfigCheckDeep(t *testing.T) {
	newSite(t)
	check := "config check" + onC
	play(t, []step{
		{check, "", 0, "tradefront.yaml is good…not checked: whether PostgreSQL answers…--deep checks them", ""},
		{check + " --deep", "", 0, "…checked: the addresses are free\n…checked: the local store tradefront.db is not there yet…tradefront.yaml is good…", ""},
	})
	if _, err := os.Stat("tradefront.db"); err == nil {
		t.Error("checking made the local store")
	}
	play(t, []step{
		{"app add --app-id a_b_1 --authcode DAGET0Q2VRCT1B0J" + onC, "", 0, "…", ""},
		{check + " --deep", "", 0, "…checked: the local store tradefront.db is sound\nchecked: the master key opens the authcodes of all AppIDs (1)…", ""},
	})
	anotherMasterKey(t)
	play(t, []step{
		{check + " --deep -c nosuch.yaml", "", 1, "…not checked: …", "…nosuch.yaml: no such file…"},
		{check + " --deep -c nosuch.yaml -o json", "", 1, `{
  "path": "nosuch.yaml",
  "checks": […"status": "fail"…]…}`, "…nosuch.yaml: no such file…"},
	})
	play(t, []step{{check + " --deep", "", 1, "…", "…auth.master_key_file: does not open the authcodes of 1 of 1 AppIDs (a_b_1)…masterkey list…"}})
}

func TestConfigCheckDeepOnPostgres(t *testing.T) {
	newSite(t)
	url := pgtest.Database(t)
	check := "config check --deep" + onC
	onPostgres := func(url string) {
		write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	}
	onPostgres(url)
	play(t, []step{
		{check, "", 1, "…not checked: rights: …", "…store.url: …tradefront migrate…"},
		{"migrate -o json" + onC, "", 0, `{…"store": "PostgreSQL",…"applied": [……]…}`, "…"},
		{"app add --app-id a_b_1 --authcode DAGET0Q2VRCT1B0J" + onC, "", 0, "…", ""},
		{check, "", 0, "…checked: the master key opens the authcodes of all AppIDs (1)…checked: PostgreSQL answers…tradefront.yaml is good…", ""},
		{check + " -o json", "", 0, `{…"path": "tradefront.yaml",…"checks": […"status": "pass"…]…}`, ""},
	})
	onPostgres(strings.Replace(url, "postgres://", "postgres://nobody_of_this_name:wrong@", 1))
	if at := strings.Index(url, "@"); at > 0 {
		onPostgres("postgres://nobody_of_this_name:wrong" + url[at:])
	}
	got := tradefront("", strings.Fields(check)...)
	if got.status != 1 || !strings.Contains(got.err, "store.url: PostgreSQL cannot be used") || strings.Contains(got.err, "wrong") {
		t.Errorf("a wrong user: %+v", got)
	}
	// A file that is not there hides no fault that only a look outside tells, nor the checks in JSON.
	key := read(t, "keys/1.0.pem")
	remove(t, "keys/1.0.pem")
	if got := tradefront("", strings.Fields(check)...); got.status != 1 || strings.Count(got.err, "keys[0]") != 1 || !strings.Contains(got.err, "store.url: PostgreSQL cannot be used") ||
		!strings.Contains(got.out, "checked: the addresses are free") || strings.Contains(got.out, "is good") {
		t.Errorf("a wrong user and no key: %+v", got)
	}
	var shown goodConfigJSON
	got = tradefront("", strings.Fields(check+" -o json")...)
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.status != 1 || len(shown.Checks) < 10 || shown.Path != "tradefront.yaml" || shown.Hash != "" {
		t.Errorf("%v: %+v", err, got)
	}
	write(t, "keys/1.0.pem", key)
	anotherMasterKey(t)
	onPostgres(url)
	play(t, []step{{check, "", 1, "…", "…auth.master_key_file: does not open the authcodes of 1 of 1 AppIDs (a_b_1)…"}})
}

// anotherMasterKey puts a key that sealed nothing in the place of the site's.
func anotherMasterKey(t *testing.T) {
	t.Helper()
	remove(t, "master.key")
	if err := auth.CreateMasterKey("master.key"); err != nil {
		t.Fatal(err)
	}
}
