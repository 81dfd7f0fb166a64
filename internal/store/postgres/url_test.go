package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestEnvironmentNamesNoOtherDatabase: of the variables that the driver reads as PostgreSQL's
// own programs do, none leads to another database or schema than the URL.
func TestEnvironmentNamesNoOtherDatabase(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "elsewhere", "PGPORT": "1", "PGDATABASE": "other", "PGUSER": "other", "PGOPTIONS": "-c search_path=other", "PGTZ": "Asia/Tokyo",
	} {
		t.Setenv(name, value)
	}
	cfg, err := postgres.Dials("postgres://front:p@db.example/firm?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host != "db.example" || cfg.Port != 5432 || cfg.User != "front" || cfg.Database != "firm" || len(cfg.Fallbacks) != 0 {
		t.Errorf("dials %s:%d %s as %s", cfg.Host, cfg.Port, cfg.Database, cfg.User)
	}
	for _, name := range []string{"options", "timezone"} {
		if v, ok := cfg.RuntimeParams[name]; ok {
			t.Errorf("%s = %s came from the environment", name, v)
		}
	}
	if cfg, err := postgres.Dials("postgres://front:p@db.example/firm?options=-c%20search_path=ours"); err != nil || cfg.RuntimeParams["options"] != "-c search_path=ours" {
		t.Errorf("what the URL names is gone: %v", err)
	}
	t.Setenv("PGSERVICE", "other")
	if _, err := postgres.Dials("postgres://front:p@db.example/firm"); err == nil || !strings.Contains(err.Error(), "PGSERVICE is set") {
		t.Errorf("with PGSERVICE: %v", err)
	}
}

// TestPasswordReachesTheDriver: with any characters, encoded or from a password file.
func TestPasswordReachesTheDriver(t *testing.T) {
	for _, password := range []string{"p@ss", "p/s:s", "#?%", "a b", "%41", "期货", `'"\`, "a+b&c=d", "[x]"} {
		cfg, err := postgres.Dials("postgres://front:" + strings.ReplaceAll(url.QueryEscape(password), "+", "%20") + "@h/d")
		if err != nil || cfg.Password != password {
			t.Errorf("%q: %v", password, err)
		}
	}
	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte("h:5432:d:front:from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	if cfg, err := postgres.Dials("postgres://front@h/d"); err != nil || cfg.Password != "from the file" {
		t.Errorf("PGPASSFILE: %v", err)
	}
}

// TestParameterIsNamed: which of a URL's parameters the driver does not take, without any value.
func TestParameterIsNamed(t *testing.T) {
	for query, want := range map[string]string{
		"sslmode=s3cret":                     "its parameter sslmode has a value that is not understood",
		"connect_timeout=s3cret":             "its parameter connect_timeout",
		"sslmode=require&pool_min_conns=s3c": "its parameter pool_min_conns",
		"sslrootcert=/s3cret":                "the file that its parameter sslrootcert names cannot be read: no such file or directory",
	} {
		err := postgres.CheckURL(storetest.URL(t, "postgres://u:s3cret@h/d?"+query))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}

// TestConnectErrorIsOneLine: which server, database and role; the password is not in it.
func TestConnectErrorIsOneLine(t *testing.T) {
	p := storetest.Connect(t, fmt.Sprintf("postgres://front:%s@127.0.0.1:1/firm", strings.ReplaceAll(url.QueryEscape("Zq3xW@/:#?% vK9tM"), "+", "%20")), postgres.Options{})
	err := p.Ping(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "Zq3xW") || strings.Contains(err.Error(), "vK9tM") ||
		!strings.Contains(err.Error(), "`user=front database=firm`") || strings.Count(err.Error(), "connection refused") != 1 {
		t.Errorf("%v", err)
	}
	if _, err := directory.New(p.Tables()).Apps(t.Context()); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("reading AppIDs: %v", err)
	}
}
