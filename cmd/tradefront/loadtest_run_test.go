package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		"--listen 127.0.0.1:0 --answers a.ndjson":                           "give --answers to each of them",
		"--listen 127.0.0.1:0 --verify --answers a.ndjson --front-config f": "give --answers to each of them",
		"--to 127.0.0.1:1 --to 127.0.0.1:2 --verify --answers a.ndjson":     "the stores of one front",
		"--assert multiple>=2": "give --historical-peak",
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
