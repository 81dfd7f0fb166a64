package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestLoadtestRefusesBeforeItBegins: what would be found out after the run, or prove another thing than was asked for.
func TestLoadtestRefusesBeforeItBegins(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := filepath.Join(folder, "key.pem")
	if err := os.WriteFile(key, []byte("-----BEGIN PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--listen 127.0.0.1:0 --answers a.ndjson":                                    "give --answers to each of them",
		"--listen 127.0.0.1:0 --verify --answers a.ndjson --front-config f":          "give --answers to each of them",
		"--to 127.0.0.1:1 --to 127.0.0.1:2 --verify --answers a.ndjson":              "the stores of one front",
		"--join 127.0.0.1:1 --rate 5":                                                "--rate: a generator that joins takes the plan as it comes",
		"--join 127.0.0.1:1 --lang en":                                               "population: ", // its own language, and so the next fault
		"--assert multiple>=2":                                                       "give --historical-peak",
		"--assert request.p99<1s --assert requests_lost==0 --assert request_rate>=1": `"request_rate>=1": this scenario sends nothing`,
		"--scenario relay --relay-mode investor --assert requests_lost==0":           "this scenario sends nothing",
		"--save " + key:    "key.pem is there, and is no result of a load test",
		"--html " + key:    "key.pem is there, and is no page of a load test",
		"--hdr " + key:     "key.pem is there, and is no log of a load test's histograms",
		"--answers " + key: "key.pem is there, and has no answers of a load test",
		"--save " + filepath.Join(folder, "no", "r.json"):       "--save: ",
		"--answers " + filepath.Join(folder, "no", "a"):         "--answers: ",
		"--save " + folder + "/r --html " + folder + "/r":       "is what another flag writes",
		"--answers " + folder + "/r --html " + folder + "/r":    "is what another flag writes",
		"--save " + folder + "/r --hdr " + folder + "/./r":      "is what another flag writes",
		"--hdr " + folder + "/none/r":                           "--hdr: ",
		"--scenario orders --hold 1s --assert requests_lost==0": "--key: public key: ", // nothing is wrong with it until the files are read
	} {
		got := tradefrontWith(nil, "", append(strings.Fields("loadtest run --people "+folder+"/people --key "+key), strings.Fields(args)...)...)
		if got.status != 1 || !strings.Contains(got.err, want) {
			t.Errorf("%s: status %d, %q, want %q", args, got.status, got.err, want)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// TestLoadtestVerifyNeedsItsRightBeforeItBegins: a role that may not read ciphertexts, as that of the front's own configuration, and a server
// that is not there are found out before the first visit. One that may read goes on to what is checked next.
func TestLoadtestVerifyNeedsItsRightBeforeItBegins(t *testing.T) {
	newSite(t)
	database := pgtest.Database(t)
	write(t, "owner.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+database+"\"\n")
	if got := tradefrontWith(nil, "", "migrate", "-c", "owner.yaml"); got.status != exitDone {
		t.Fatalf("%+v", got)
	}
	const role = "loadtest_reads_no_ciphertext"
	super := storetest.OpenPostgresAt(t, database, postgres.Options{})
	storetest.Execute(t, super, "CREATE ROLE "+role+" LOGIN; GRANT SELECT ON goose_db_version TO "+role+"; GRANT SELECT (record_id, trading_day) ON record TO "+role)
	t.Cleanup(func() {
		for _, drop := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := super.Tables().ExecContext(context.Background(), drop); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	write(t, "front.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+u.String()+"\"\n")
	write(t, "away.yaml", siteConfig+"store:\n  driver: postgres\n  url: \"postgres://lt@127.0.0.1:1/lt\"\n")
	for config, want := range map[string]string{
		"front.yaml": "--verify: store: PostgreSQL: the role of the database's URL has not the right to do this",
		"away.yaml":  "--verify: PostgreSQL cannot be used",
		"owner.yaml": "no-such-key.pem",
	} {
		got := tradefrontWith(nil, "", strings.Fields("loadtest run --people p.json --key no-such-key.pem --verify --answers a.ndjson --front-config "+config)...)
		if got.status != exitFailed || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v, want %q", config, got, want)
		}
	}
	if _, err := os.Stat("a.ndjson"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a.ndjson was begun: %v", err)
	}
}
