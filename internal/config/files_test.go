package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckFiles(t *testing.T) {
	dir := t.TempDir()
	c, _ := readConfig([]byte("store: {url_file: url, path: data/front.db}"), nil, dir)

	report := c.CheckFiles().Error()
	for _, want := range []string{
		"keys[0].public_key_file: " + dir + "/keys/1.0.pem does not exist",
		"auth.master_key_file: " + dir + "/master.key does not exist; put another front's or the safe's there; a new firm: tradefront masterkey create",
		"calendar_file: " + dir + "/calendar.yaml does not exist",
		"store.path: the folder " + dir + "/data does not exist",
		"store.url_file: " + dir + "/url does not exist",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("missing: %s\nin:\n%s", want, report)
		}
	}

	write(t, c.Keys[0].PublicKeyFile.Path, "pem")
	write(t, c.Auth.MasterKeyFile.Path, "key")
	write(t, c.Store.URLFile.Path, "url")
	write(t, filepath.Join(dir, "data", "x"), "")
	if err := os.Mkdir(c.CalendarFile.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, want := c.CheckFiles().Error(), "calendar_file: "+c.CalendarFile.Path+" is a folder, not a regular file; copy configs/calendar.yaml there"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	c.CalendarFile.Path = write(t, filepath.Join(dir, "c"), "x")
	c.Store.Path = filepath.Join(dir, "c", "front.db")
	if got := c.CheckFiles().Error(); !strings.HasPrefix(got, "store.path: "+dir+"/c is not a folder") {
		t.Errorf("got %q", got)
	}
}

// databaseURL is what a file with that URL gives.
func databaseURL(s string) DatabaseURL {
	d, _ := parseDatabaseURL(s)
	return d
}

func TestPostgresURL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	s := Store{URLFile: File{Path: path}}
	if _, err := s.PostgresURL(); err == nil {
		t.Error("no error without the file")
	}
	write(t, path, "  postgres://u:p@h/d\n")
	if u, err := s.PostgresURL(); err != nil || u.Conn() != "postgres://u:p@h:5432/d" {
		t.Errorf("%q, %v", u, err)
	}
	for _, bad := range []string{"", "\n", "secret1\nsecret2", strings.Repeat("secret", 1000)} {
		write(t, path, bad)
		if _, err := s.PostgresURL(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	s = Store{URL: databaseURL("postgres://u:p@h/d")}
	if u, err := s.PostgresURL(); err != nil || u.Conn() != "postgres://u:p@h:5432/d" {
		t.Errorf("%q, %v", u, err)
	}
}

// TestURLsAreRefused: the file in which an operator wrote something else than the URL alone is
// named, with what to do, and no other database is taken in its place.
func TestURLsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	for text, want := range map[string]string{
		"DATABASE_URL=postgres://u:secret@127.0.0.1:1/d\n": "begins with a name, as NAME=postgres://…; write the URL alone",
		"jdbc:postgresql://127.0.0.1:1/d\n":                "is an address for Java (jdbc:); take jdbc: off",
		"\"postgres://u:secret@127.0.0.1:1/d\"\n":          "is in quotes, which are no part of a URL; take them off",
		"postgres://u:sec/ret@127.0.0.1:1/d\n":             "percent-encode in user and password: @ as %40, / as %2F",
		"postgres://127.0.0.1:1/d\n":                       "names no user",
	} {
		write(t, path, text)
		s := Store{Driver: "postgres", URLFile: File{Path: path}}
		if _, err := s.PostgresURL(); err == nil || !strings.HasPrefix(err.Error(), "store.url_file: the URL in "+path+" ") ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		c := Default()
		c.Store.Driver, c.Store.URL = "postgres", databaseURL(text)
		if faults := c.Store.check(nil); len(faults) != 1 || faults[0].Key != "store.url" || !strings.Contains(faults.Error(), want) ||
			strings.Contains(faults.Error(), "sec") {
			t.Errorf("%q: %v, want %q", text, faults, want)
		}
	}
	s := Store{Driver: "postgres", URL: databaseURL(" postgres://u:p@127.0.0.1:1/d ")}
	if u, err := s.PostgresURL(); err != nil || u.Conn() != "postgres://u:p@127.0.0.1:1/d" || len(s.check(nil)) > 0 {
		t.Errorf("%q, %v", u, err)
	}
}

// An audit log that is appended to a key destroys it.
func TestWrittenFilesAreTheirOwn(t *testing.T) {
	dir := t.TempDir()
	c, _ := readConfig([]byte("front: {id: 1}"), nil, dir)
	if err := os.WriteFile(filepath.Join(dir, "master.key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("master.key", filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ audit, store, want string }{
		{"audit.jsonl", "tradefront.db", ""},
		{"", "tradefront.db", ""},
		{"linked", "tradefront.db", "audit_log: " + dir + "/linked is the file of auth.master_key_file too; name another file"},
		{"x/../calendar.yaml", "tradefront.db", "audit_log: " + dir + "/calendar.yaml is the file of calendar_file too; name another file"},
		{"tradefront.db", "tradefront.db", "audit_log: " + dir + "/tradefront.db is the file of store.path too; name another file"},
		{"audit.jsonl", "keys/1.0.pem", "store.path: " + dir + "/keys/1.0.pem is the file of keys[0].public_key_file too; name another file"},
	} {
		if c.AuditLog = ""; one.audit != "" {
			c.AuditLog = filepath.Join(dir, one.audit)
		}
		c.Store.Path = filepath.Join(dir, one.store)
		if got := sharedFiles(c.files()).Error(); got != one.want {
			t.Errorf("got %q\nwant %q", got, one.want)
		}
	}
}
