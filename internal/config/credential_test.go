package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func loadWith(t *testing.T, yaml string, env ...string) (*Config, error) {
	t.Helper()
	path := write(t, filepath.Join(testmain.ShortDir(t), "tradefront.yaml"), yaml) // the path of a socket beside it is bounded
	return Load(path, identified(yaml, env...))
}

const credentials = `broker_id: "9999"
auth: {master_key_file: "credential:master.key"}
calendar_file: "credential:calendar"
store: {driver: postgres, url_file: "credential:database-url"}
keys: [{version: "1.0", public_key_file: "credential:1.0.pem"}]
`

// TestCredentials: names become files in systemd's folder; without one the configuration is
// good, and the command that needs the file says so.
func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "database-url"), "postgres://u:p@h/d\n")
	c, err := loadWith(t, credentials, "CREDENTIALS_DIRECTORY="+dir)
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		c.Auth.MasterKeyFile.Path: "master.key", c.CalendarFile.Path: "calendar", c.Store.URLFile.Path: "database-url", c.Keys[0].PublicKeyFile.Path: "1.0.pem",
	} {
		if got != filepath.Join(dir, want) {
			t.Errorf("%s, want %s in %s", got, want, dir)
		}
	}
	if url, err := c.Store.PostgresURL(); err != nil || url.Conn() != "postgres://u:p@h:5432/d" {
		t.Errorf("URL: %v", err)
	}
	if err := c.Auth.MasterKeyFile.Err(); err != nil {
		t.Error(err)
	}

	for _, env := range [][]string{nil, {"CREDENTIALS_DIRECTORY="}, {"CREDENTIALS_DIRECTORY=relative"}} {
		c, err := loadWith(t, credentials, env...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Store.PostgresURL()
		for _, err := range []error{err, c.Auth.MasterKeyFile.Err(), c.CheckFiles()} {
			if err == nil || !strings.Contains(err.Error(), "systemd gave this process no credentials (CREDENTIALS_DIRECTORY); start it by a unit with LoadCredential=") {
				t.Errorf("%q: %v", env, err)
			}
		}
	}
}

func TestCredentialNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../master.key", "/etc/passwd", "a/b"} {
		_, err := loadWith(t, strings.Replace(credentials, "credential:master.key", "credential:"+name, 1), "CREDENTIALS_DIRECTORY=/run/c")
		if err == nil || !strings.HasPrefix(err.Error(), "auth.master_key_file: want credential: and the name of a credential") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, key := range []string{"audit_log: \"credential:x\"\n", "store: {path: \"credential:x\"}\n"} {
		_, err := loadWith(t, "broker_id: \"9999\"\nkeys: [{version: \"1.0\", public_key_file: k}]\n"+key)
		if err == nil || !strings.Contains(err.Error(), "a credential can only be read") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestURLFileIsPrivate: the group may read it, other users may not.
func TestURLFileIsPrivate(t *testing.T) {
	c := Default()
	c.Store.URLFile.Path = write(t, filepath.Join(t.TempDir(), "url"), "postgres://u:p@h/d")
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o640: true, 0o440: true, 0o644: false, 0o601: false, 0o602: false} {
		if err := os.Chmod(c.Store.URLFile.Path, mode); err != nil {
			t.Fatal(err)
		}
		if report := c.CheckFiles().Error(); strings.Contains(report, "lets all users in; change it with: chmod o= ") == good {
			t.Errorf("mode %04o: %s", mode, report)
		}
	}
}

// TestPasswordInTheFile: only in a file that other users cannot read.
func TestPasswordInTheFile(t *testing.T) {
	for _, tt := range []struct {
		url  string
		mode os.FileMode
		env  string
		good bool
	}{
		{"postgres://u:secret@h/d", 0o600, "", true},
		{"postgres://u:secret@h/d", 0o640, "", true},
		{"postgres://u:secret@h/d", 0o644, "", false},
		{"postgres://u@h/d?password=secret", 0o644, "", false},
		{"postgres://u@h/d?sslpassword=secret", 0o604, "", false},
		{"postgres://u@h/d", 0o644, "", true},
		{"postgres://u@h/d", 0o644, "TRADEFRONT_STORE_URL=postgres://u:secret@h/d", true},
	} {
		path := write(t, filepath.Join(t.TempDir(), "tradefront.yaml"),
			"broker_id: \"9999\"\nkeys: [{version: \"1.0\", public_key_file: k}]\nstore: {driver: postgres, url: \""+tt.url+"\"}\n")
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, identified("broker_id:", tt.env))
		if (err == nil) != tt.good || err != nil && (!strings.Contains(err.Error(), "store.url: holds a password, and mode") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s, mode %04o: %v", tt.url, tt.mode, err)
		}
	}
}
