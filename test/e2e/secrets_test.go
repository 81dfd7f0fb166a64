package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
)

// TestNothingTellsSecrets: after logins of every kind under log_level debug, no log, page or
// file of the front holds a password, an authcode or the master key, and what only the
// monitoring centre may open is nowhere in clear: no table has an address, the
// application log has neither address nor account.
func TestNothingTellsSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "log_level: debug\n")
	s.cli("", "app", "rotate", "--app-id", appID, "--authcode", "ZYXW9876ABCD1234")
	old := s.apps[0].AuthCode
	d := s.serve()
	l := d.storm(t)
	l.until(100)
	l.end()
	c, err := d.enter(t, "ZYXW9876ABCD1234")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := login(t, c, "Wr0ng#Passw0rd", nil); code(t, err) != 3 {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := login(t, c, password, func(r *client.LoginRequest) { r.Remark = "re@mark\x00" }); err == nil {
		t.Error("a control character was taken")
	}
	d.hangup("the master key was read again")
	pages := map[string]string{}
	for _, path := range []string{"/", "/metrics", "/readyz", "/apps"} {
		_, pages["page "+path] = d.get(t, path)
	}
	d.stop()
	secrets := map[string]string{
		"the password": password, "a wrong password": "Wr0ng#Passw0rd", "the current authcode": "ZYXW9876ABCD1234",
		"the previous authcode": old, "the master key": lastLine(s.read("master.key")),
	}
	wantAbsent := func(where string, text []byte, secrets map[string]string) {
		t.Helper()
		for what, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", where, what)
			}
		}
	}
	for where, text := range pages {
		wantAbsent(where, []byte(text), secrets)
		wantAbsent(where, []byte(text), map[string]string{"an account": account})
	}
	log := []byte(d.log.String())
	wantAbsent("the application log", log, secrets)
	wantAbsent("the application log", log, map[string]string{"an account": account})
	if full := regexp.MustCompile(`127\.\d+\.\d+\.\d`).Find(log); full != nil {
		t.Errorf("the application log holds the address %s", full)
	}
	wantAbsent("the audit log", s.read("audit.jsonl"), secrets)
	if audit := string(s.read("audit.jsonl")); !strings.Contains(audit, account) || !strings.Contains(audit, "127.") {
		t.Error("the audit log is the place where account and address are in clear")
	}
	stores, err := filepath.Glob(filepath.Join(s.dir, "tradefront.db*"))
	if err != nil || len(stores) == 0 {
		t.Fatalf("no local store: %v, %v", stores, err)
	}
	for _, path := range stores {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, mode %v", path, err, info.Mode())
		}
		wantAbsent(filepath.Base(path), s.read(filepath.Base(path)), secrets)
		wantAbsent(filepath.Base(path), s.read(filepath.Base(path)), map[string]string{"an address": "127.0.0.1"})
	}
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
