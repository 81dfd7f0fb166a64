package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
)

// TestMasterKeyRotate: the three steps, each repeated, and in the wrong order.
func TestMasterKeyRotate(t *testing.T) {
	newSite(t)
	const (
		rotate = "masterkey rotate" + onC
		list   = "masterkey list" + onC
	)
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{"app rotate --app-id a_b_1" + onC, "", 0, "AppID …", ""},
		{list, "", 0, "FINGERPRINT   ROLE     AUTHCODES\n…  current  2", ""},
		{rotate, "", 1, "", "tradefront: master.key holds one key: begin with tradefront masterkey rotate --begin"},
		{rotate + " --finish", "", 0, "master.key holds one key only, …; there is nothing to finish", ""},
		{rotate + " --begin", "", 0, "master.key now holds a new key, …, and the old one, …\nnext: …", ""},
		{rotate + " --begin", "", 1, "", "tradefront: master key file master.key: holds two keys: a change is under way…"},
		{rotate + " --begin --finish", "", 2, "", "…[begin finish]…"},
		{rotate + " --finish", "", 1, "", "tradefront: 2 authcodes are still sealed under the old key, …: run tradefront masterkey rotate"},
		{"app add --app-id a_b_2" + onC, "", 0, "AppID …", ""},
		{list, "", 0, "FINGERPRINT   ROLE  AUTHCODES\n…  new   0\n…  old   3", ""},
		{rotate, "", 0, "3 authcodes are sealed under … now, 3 of them anew\nnext, on each machine: …", ""},
		{rotate, "", 0, "3 authcodes are sealed under … now, 0 of them anew\n…", ""},
		{rotate + " -o json", "", 0, "{\n  \"step\": \"seal\",\n  \"file\": \"master.key\",\n  \"fingerprints\": […,…],\n  \"authcodes\": 3,\n  \"anew\": 0\n}", ""},
		{"app add --app-id a_b_3" + onC, "", 0, "AppID …", ""},
		{list, "", 0, "FINGERPRINT   ROLE  AUTHCODES\n…  new   4\n…  old   0", ""},
	})
	fingerprint := strings.Fields(tradefront("", strings.Fields(list)...).out)[3]
	play(t, []step{
		{rotate + " --finish", "", 0, "master.key holds " + fingerprint + " only; reload its front. Keep the old key, …", ""},
		{rotate + " --finish -o json", "", 0, "{\n  \"step\": \"finish\",\n  \"file\": \"master.key\",\n  \"fingerprints\": [\n    \"" + fingerprint + "\"\n  ]\n}", ""},
		{list + " -o json", "", 0, "[\n  {\n    \"fingerprint\": \"" + fingerprint + "\",\n    \"role\": \"current\",\n    \"authcodes\": 4\n  }\n]", ""},
	})
}

// TestMasterKeyRotateRefuses: one code that opens under neither key, and nothing is changed;
// the message names it.
func TestMasterKeyRotateRefuses(t *testing.T) {
	newSite(t)
	play(t, []step{{"app add --app-id a_b_1" + onC, "", 0, "AppID …", ""}})
	if err := errors.Join(os.Remove("master.key"), auth.CreateMasterKey("master.key")); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{"app add --app-id a_b_2" + onC, "", 0, "AppID …", ""},
		{"masterkey rotate --begin" + onC, "", 0, "…", ""},
		{"masterkey rotate" + onC, "", 1, "", "tradefront: nothing was changed: these open under neither key; …\nAppID \"a_b_1\": the sealed authcode does not open…"},
		{"masterkey list" + onC, "", 1, "FINGERPRINT …  new   0\n…  old   1", "tradefront: AppID \"a_b_1\": …"},
		{"masterkey rotate --finish" + onC, "", 1, "", "tradefront: 1 authcodes are still sealed under the old key…"},
		{"app rotate --overlap 0 --app-id a_b_1" + onC, "", 0, "AppID …", ""},
		{"masterkey rotate" + onC, "", 0, "2 authcodes …", ""},
		{"masterkey rotate --finish" + onC, "", 0, "…", ""},
	})
}

// TestCredentials: files that systemd hands over, all that are only read; and what works
// beside the service, where there are none.
func TestCredentials(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", strings.Replace(siteConfig, `"keys/1.0.pem"`, `"credential:1.0.pem"`, 1)+
		"auth: {master_key_file: \"credential:master.key\"}\ncalendar_file: \"credential:calendar.yaml\"\n")
	systemd := t.TempDir()
	for from, to := range map[string]string{"master.key": "master.key", "keys/1.0.pem": "1.0.pem", "calendar.yaml": "calendar.yaml"} {
		if err := os.Rename(from, systemd+"/"+to); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, systemd+"/master.key", 0o400)
	inside := []string{"CREDENTIALS_DIRECTORY=" + systemd}
	for _, args := range []string{"config check", "app add --app-id a_b_1", "masterkey list"} {
		if got := tradefrontWith(inside, "", strings.Fields(args+onC)...); got.status != exitDone {
			t.Errorf("%s with credentials: %+v", args, got)
		}
	}
	chmod(t, systemd+"/master.key", 0o444)
	if got := tradefrontWith(inside, "", "config", "check", "-c", "tradefront.yaml"); !strings.Contains(got.err, "lets others than its owner in") {
		t.Errorf("a credential that other users can read: %+v", got)
	}
	const none = "systemd gave this process no credentials (CREDENTIALS_DIRECTORY); start it by a unit with LoadCredential=master.key:FILE, " +
		"or set TRADEFRONT_AUTH_MASTER_KEY_FILE to the file itself"
	play(t, []step{
		{"app list" + onC, "", 0, "APPID …\na_b_1 …", ""},
		{"app add --app-id a_b_2" + onC, "", 1, "", "…" + none},
		{"masterkey create" + onC, "", 1, "", "…" + none},
		{"masterkey rotate --begin" + onC, "", 1, "", "…" + none},
		{"config check" + onC, "", 1, "", "…LoadCredential=1.0.pem:FILE\n…"},
	})
	chmod(t, systemd+"/master.key", 0o400)
	env := []string{"TRADEFRONT_AUTH_MASTER_KEY_FILE=" + systemd + "/master.key"}
	if got := tradefrontWith(env, "", strings.Fields("app add --app-id a_b_2"+onC)...); got.status != exitDone {
		t.Errorf("the file by its name: %+v", got)
	}
}

// What a change that was killed left is named, wherever it lies; a change works beside the
// file and takes away what lies there.
func TestMasterKeyLeftovers(t *testing.T) {
	newSite(t)
	elsewhere := t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	old := time.Now().Add(-time.Hour)
	for _, left := range []string{".master.key4711", elsewhere + "/.master.key4712"} {
		write(t, left, "keys")
		if err := os.Chtimes(left, old, old); err != nil {
			t.Fatal(err)
		}
	}
	const words = " was left by a change of the master key that was killed, and holds keys: remove it"
	play(t, []step{
		{"masterkey list" + onC, "", 0, "FINGERPRINT…", "warning: .master.key4711" + words + "\nwarning: " + elsewhere + "/.master.key4712" + words},
		{"masterkey rotate --begin" + onC, "", 0, "master.key now holds a new key…", ""},
		{"masterkey list" + onC, "", 0, "FINGERPRINT…", "warning: " + elsewhere + "/.master.key4712" + words},
	})
}

// TestSecondMasterKey: who makes a key on the firm's second front, or in the place of a lost one, is told that the firm's AppIDs do not open under
// it, and that a lost key costs each AppID a new authcode.
func TestSecondMasterKey(t *testing.T) {
	newSite(t)
	play(t, []step{{"app add --app-id a_b_1" + onC, "", 0, "…", ""}})
	if err := os.Remove("master.key"); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{"config check" + onC, "", 1, "", "…master.key does not exist; put another front's or the safe's there; a new firm: …"},
		{"masterkey create" + onC, "", 0, "created …", "warning: this new key does not open the authcodes of 1 of 1 AppIDs (a_b_1): put the file…"},
		{"app rotate --overlap 0 --app-id a_b_1" + onC, "", 0, "…", ""},
		{"masterkey list" + onC, "", 0, "…current  1", ""},
	})
}
