package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

const (
	givenCode = "DAGET0Q2VRCT1B0J"
	onC       = " -c tradefront.yaml"
)

func TestMasterKeyCreate(t *testing.T) {
	bareSite(t)
	play(t, []step{
		{"app add --app-id a_b_1" + onC, "", 1, "", "tradefront: master key file master.key: is not there…create one with: tradefront masterkey create --config FILE"},
		{"masterkey create" + onC, "", 0, "created master.key (mode 0600); keep a copy in a safe place", ""},
	})
	first := read(t, "master.key")
	play(t, []step{{"masterkey create" + onC, "", 1, "", "tradefront: master key file master.key: is there already and is not overwritten…"}})
	if read(t, "master.key") != first {
		t.Error("the master key was overwritten")
	}
}

func TestApps(t *testing.T) {
	newSite(t)
	const (
		notThere = "tradefront: there is no AppID a_b_9 (they are case-sensitive); see `tradefront app list`"
		twice    = "tradefront: AppID a_b_2 is admitted already; see `tradefront app list`, or give it a new code with `tradefront app rotate`"
		printed  = "AppID     a_b_2\nauthcode  " + givenCode + "\n\nThe authcode is not shown again: give it to the vendor by a safe way."
	)
	play(t, []step{
		{"app list" + onC, "", 0, "APPID  TYPE  CIPHER  ENABLED  BOUND  CREATED  CHANGED  CURRENT USED  PREVIOUS UNTIL  PREVIOUS USED\nnone", ""},
		{"app list -o json" + onC, "", 0, "[]", ""},
		{"app add --app-id a_b" + onC, "", 1, "", "tradefront: AppID: want vendor_software_version, three parts joined by two underscores"},
		{"app add --app-id “a_b_1”" + onC, "", 1, "", "tradefront: --app-id: holds the quotation mark “ (U+201C); take it off…"},
		{"app add --app-id a_b_１" + onC, "", 1, "", "tradefront: --app-id: holds the full-width character １ (U+FF11); write 1"},
		{"app add --app-id a_b" + "\u200b" + "_1" + onC, "", 1, "", "tradefront: AppID: contains an invisible format character"},
		{"app add --app-id elevenbytes_b_1" + onC, "", 1, "", "tradefront: AppID: vendor is longer than 10 bytes"},
		{"app add --app-id a_b@c_1" + onC, "", 1, "", "tradefront: AppID: contains the separator @"},
		{"app add --app-id a_b_1 --authcode " + strings.Repeat("A", 16) + onC, "", 1, "", "tradefront: authcode: all characters are equal"},
		{"app add --app-id a_b_1 --authcode SHORT" + onC, "", 1, "", "tradefront: authcode: 5 characters, want 16"},
		{"app add --app-id a_b_1 --authcode daget0q2vrct1b0j" + onC, "", 1, "", "tradefront: authcode: character 1 is not one of A-Z and 0-9"},
		{"app add --app-id a_b_2 --authcode " + givenCode + onC, "", 0, printed, ""},
		{"app add --app-id a_b_2 --authcode " + givenCode + onC, "", 1, "", twice},
		{"app add --app-id a_b_1" + onC, "", 0, "AppID     a_b_1\nauthcode  …", ""},
		{"app disable --app-id a_b_2" + onC, "", 0, "AppID a_b_2 is disabled; running fronts follow within seconds", ""},
		{"app disable --app-id a_b_2" + onC, "", 0, "AppID a_b_2 is already disabled; nothing was changed", ""},
		{"app list" + onC, "", 0, "APPID  TYPE    CIPHER  ENABLED  BOUND  CREATED …\na_b_1  direct  aes     true     no     20…\na_b_2  direct  aes     false    no     20…", ""},
		{"app disable --app-id a_b_2 -o json" + onC, "", 0, "{\n  \"app_id\": \"a_b_2\",\n  \"enabled\": false,\n  \"enabled_before\": false\n}", ""},
		{"app enable --app-id a_b_2 -o json" + onC, "", 0, "{\n  \"app_id\": \"a_b_2\",\n  \"enabled\": true,\n  \"enabled_before\": false\n}", ""},
		{"app disable --app-id a_b_2 -o json" + onC, "", 0, "{\n  \"app_id\": \"a_b_2\",\n  \"enabled\": false,\n  \"enabled_before\": true\n}", ""},
		{"app enable --app-id a_b_2" + onC, "", 0, "AppID a_b_2 is enabled; running fronts follow within seconds", ""},
		{"app list -o json" + onC, "", 0, "[…\"app_id\": \"a_b_1\",…\"app_id\": \"a_b_2\",\n    \"app_type\": \"1\",\n    \"cipher\": \"aes\",\n    \"enabled\": true,…]", ""},
		{"app disable --app-id a_b_9" + onC, "", 1, "", notThere},
		{"app enable --app-id a_b_9" + onC, "", 1, "", notThere},
		{"app rotate --app-id a_b_9" + onC, "", 1, "", notThere},
		{"app disable --app-id A_B_2" + onC, "", 1, "", "tradefront: there is no AppID A_B_2 (they are case-sensitive)…"},
	})
	if strings.Contains(read(t, "tradefront.db"), givenCode) {
		t.Error("the store holds the authcode in clear")
	}
}

var authCodeForm = regexp.MustCompile(`^[A-Z0-9]{16}$`)

// added reads the exact JSON form that other programs rely on.
func added(t *testing.T, got outcome) (appID, code string) {
	t.Helper()
	var shown map[string]string
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.status != 0 || got.err != "" {
		t.Fatalf("%+v: %v", got, err)
	}
	delete(shown, "previous_until") // of a rotation with an overlap
	if len(shown) != 2 || !authCodeForm.MatchString(shown["authcode"]) {
		t.Fatalf("%q", got.out)
	}
	return shown["app_id"], shown["authcode"]
}

func TestAppAddAndRotateAsJSON(t *testing.T) {
	newSite(t)
	id, first := added(t, tradefront("", "app", "add", "-c", "tradefront.yaml", "--app-id", "a_b_1", "-o", "json"))
	if id != "a_b_1" {
		t.Errorf("added %s", id)
	}
	id, second := added(t, tradefront("", "app", "rotate", "-c", "tradefront.yaml", "--app-id", "a_b_1", "-o", "json"))
	if id != "a_b_1" || second == first {
		t.Errorf("rotated %s from %s to %s", id, first, second)
	}
	_, given := added(t, tradefront("", "app", "rotate", "-c", "tradefront.yaml", "--app-id", "a_b_1", "-o", "json", "--authcode", givenCode))
	if given != givenCode {
		t.Errorf("given %s, printed %s", givenCode, given)
	}
}

// A master key that others could have read seals nothing; what needs no key goes on.
func TestAppAddUnderAWorldReadableKey(t *testing.T) {
	newSite(t)
	chmod(t, "master.key", 0o644)
	play(t, []step{
		{"app add --app-id a_b_1" + onC, "", 1, "", "tradefront: master key file master.key: mode 0644 lets others than its owner in; change it with: chmod 600 master.key"},
		{"app list -o json" + onC, "", 0, "[]", ""},
	})
}
