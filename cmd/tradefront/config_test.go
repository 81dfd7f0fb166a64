package main

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// What `config defaults` prints is a configuration that `config check` finds good once the
// firm has written who it is, and until then it says which lines those are.
func TestConfigDefaultsRoundTrip(t *testing.T) {
	newSite(t)
	defaults := tradefront("", "config", "defaults")
	if defaults.status != 0 || defaults.err != "" {
		t.Fatalf("%+v", defaults)
	}
	write(t, "defaults.yaml", defaults.out)
	wantReport(t, tradefront("", "config", "check", "-c", "defaults.yaml"), []string{
		"broker_id: is required and missing", "report_unit_id: is required and missing", "vendor_id: is required and missing",
	})
	for _, line := range strings.Split(strings.TrimSpace(firmIDs), "\n") {
		key, _, _ := strings.Cut(line, ":")
		defaults.out = strings.Replace(defaults.out, key+`: ""`, line, 1)
	}
	write(t, "defaults.yaml", defaults.out)
	good := "defaults.yaml is good: listeners 1, keys 1, store embedded, calendar to 20271231…"
	play(t, []step{{"config check -c defaults.yaml", "", 0, good, ""}})
}

func TestConfigCheck(t *testing.T) {
	newSite(t)
	play(t, []step{
		{"config check" + onC, "", 0, "tradefront.yaml is good: listeners 1, keys 1, store embedded, calendar to 20271231…", ""},
		{"config check -o json" + onC, "", 0, `{…"path": "tradefront.yaml",…"listeners": 1,…"keys": 1,…"store": "embedded",…"calendar_to": "20271231"…}`, ""},
	})
	if _, err := os.Stat("tradefront.db"); err == nil {
		t.Error("checking made the local store")
	}
	good := tradefrontWith([]string{"TRADEFRONT_STORE_DRIVER=postgres", "TRADEFRONT_STORE_URL=postgres://u@h/d", "HOME=/"}, "", "config", "check", "-c", "tradefront.yaml")
	if good.status != 0 || !strings.Contains(good.out, "store postgres,") {
		t.Errorf("the environment did not name another store: %+v", good)
	}
}

// Everything that is wrong in the file and in the variables comes in one report.
func TestConfigCheckReportsAllOfTheFile(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", `broker_id: 0001
listner: 1
front:
  id: "1"
  listeners:
    - address: "127.0.0.1"
terminal_info: strikt
keys:
  - version: "1.0"
    public_key_file: "keys/1.0.pem"
  - version: "1.0"
    public_key_file: "keys/1.0.pem"
store:
  batch_delay: soon
`)
	got := tradefrontWith([]string{"TRADEFRONT_VENDOR_ID=\xff", "TRADEFRONT_STORE_DRIVR=postgres"}, "", "config", "check", "-c", "tradefront.yaml")
	wantReport(t, got, []string{
		"broker_id: line 1: is a number without quotes",
		"report_unit_id: is required and missing",
		"vendor_id: not valid UTF-8",
		"front.id: line 4: is a text, want a whole number",
		"front.listeners[0].address: is not host:port",
		"keys[1].version: appears twice",
		"terminal_info: want lenient or strict; did you mean strict?",
		"store.batch_delay: line 14: ",
		"listner: line 2: unknown key",
		"TRADEFRONT_STORE_DRIVR: no configuration key has this environment variable",
	})
}

// Everything that is wrong with the files that it names comes in one report.
func TestConfigCheckReportsAllFiles(t *testing.T) {
	newSite(t)
	spoilFiles(t)
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), fileFaults)
}

// And so does everything together: what is wrong in the file does not hide what is wrong
// with the files that it names, and the other way round.
func TestOneReportOfEverything(t *testing.T) {
	newSite(t)
	spoilFiles(t)
	write(t, "tradefront.yaml", read(t, "tradefront.yaml")+"listner: 1\nterminal_info: strikt\nstore: {driver: 7}\n")
	want := slices.Concat(fileFaults[:5], []string{"terminal_info: want lenient or strict"}, fileFaults[5:],
		[]string{"store.driver: line 16: ", "listner: line 14: unknown key"})
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), want)
	taken := listen(t)
	write(t, "tradefront.yaml", strings.Replace(read(t, "tradefront.yaml"), "127.0.0.1:0", taken, 1))
	want = slices.Insert(want, 0, "front.listeners[0].address: listen tcp "+taken)
	wantReport(t, tradefront("", "serve", "-c", "tradefront.yaml"), want)
}

// A key whose version appears twice is one fault, though the ring of keys would find it too.
func TestOneFaultIsReportedOnce(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"  - version: \"1.0\"\n    public_key_file: \"keys/1.0.pem\"\ncalendar_file: \"\"\n")
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), []string{
		"keys[1].version: appears twice", "calendar_file: is empty",
	})
}

// spoilFiles gives the site a configuration whose files are all wrong. No two keys are
// valid at one time, so that the configuration may have all three.
func spoilFiles(t *testing.T) {
	t.Helper()
	write(t, "tradefront.yaml", firmIDs+`front:
  listeners:
    - address: "127.0.0.1:0"
admin:
  address: ""
audit_log: "gone/audit.jsonl"
keys:
  - {version: "1.0", public_key_file: "keys/1.0.pem", not_after: "2026-01-01"}
  - {version: "2.0", public_key_file: "keys/2.0.pem", not_before: "2026-01-01", not_after: "2027-01-01"}
  - {version: "3.0", public_key_file: "keys/3.0.pem", not_before: "2027-01-01"}
`)
	write(t, "keys/1.0.pem", privatePEM(t, testKey()))
	write(t, "keys/2.0.pem", publicPEM(t, &newRSAKey(1024).PublicKey))
	write(t, "keys/3.0.pem", publicSM2(t))
	chmod(t, "master.key", 0o604)
	remove(t, "calendar.yaml")
}

var fileFaults = []string{
	"audit_log: the folder gone does not exist",
	"keys[0].public_key_file: keys/1.0.pem: public key: this file holds a PRIVATE key",
	"keys[1].public_key_file: keys/2.0.pem: public key: RSA with 1024 bits",
	"keys[2].algorithm: is rsa, but keys/3.0.pem holds an SM2 key",
	"auth.master_key_file: master key file master.key: mode 0604 lets others than its owner in; change it with: chmod 600 master.key",
	"calendar_file: calendar.yaml does not exist; copy configs/calendar.yaml there",
}

// publicSM2 makes a key of the national algorithm with the OpenSSL command line.
func publicSM2(t *testing.T) string {
	t.Helper()
	const private = "sm2-private.pem"
	for _, args := range [][]string{
		{"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", private},
		{"pkey", "-in", private, "-pubout", "-out", "sm2.pem"},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return read(t, "sm2.pem")
}

// wantReport wants exactly these faults, a line each that begins so, in this order.
func wantReport(t *testing.T, got outcome, want []string) {
	t.Helper()
	if got.status != 1 || got.out != "" {
		t.Errorf("exit status %d, stdout %q", got.status, got.out)
	}
	lines := strings.Split(strings.TrimSuffix(got.err, "\n"), "\n")
	if lines[0] != "tradefront: the configuration has faults:" || len(lines)-1 != len(want) {
		t.Fatalf("%d faults, want %d:\n%s", len(lines)-1, len(want), got.err)
	}
	for i, begin := range want {
		if !strings.HasPrefix(lines[i+1], "  "+begin) {
			t.Errorf("fault %d is\n%s\nwant\n  %s…", i+1, lines[i+1], begin)
		}
	}
}

func TestConfigCheckOfFilesThatAreNoText(t *testing.T) {
	newSite(t)
	write(t, "calendar.yaml", "years: \xff")
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), []string{"calendar_file: calendar"})
	write(t, "tradefront.yaml", "broker_id: \"\xff\"")
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), []string{"the file is not valid UTF-8"})
	write(t, "tradefront.yaml", "")
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), []string{"the file is empty"})
	write(t, "tradefront.yaml", "keys: [")
	wantReport(t, tradefront("", "config", "check", "-c", "tradefront.yaml"), []string{"YAML: "})
}

// serve reports addresses that are taken beside files that are wrong, and opens nothing.
func TestServeReportsPortsAndFilesAtOnce(t *testing.T) {
	newSite(t)
	taken := listen(t)
	write(t, "tradefront.yaml", strings.Replace(siteConfig, "127.0.0.1:0", taken, 1))
	chmod(t, "master.key", 0o644)
	remove(t, "keys/1.0.pem")
	wantReport(t, tradefront("", "serve", "-c", "tradefront.yaml"), []string{
		"front.listeners[0].address: listen tcp " + taken + ": bind: address already in use; stop the process that has it (ss -ltnp sport = :",
		"keys[0].public_key_file: keys/1.0.pem does not exist; save the monitoring centre's public key there",
		"auth.master_key_file: master key file master.key: mode 0644",
	})
	for _, made := range []string{"tradefront.db", "audit.jsonl"} {
		if _, err := os.Stat(made); err == nil {
			t.Errorf("a front that did not start made %s", made)
		}
	}
}

func TestServeOnATakenAdminPort(t *testing.T) {
	newSite(t)
	taken := listen(t)
	write(t, "tradefront.yaml", strings.Replace(siteConfig, "admin:\n  address: \"127.0.0.1:0\"", "admin:\n  address: \""+taken+"\"", 1))
	wantReport(t, tradefront("", "serve", "-c", "tradefront.yaml"), []string{"admin.address: listen tcp " + taken})
}

// listen takes a port for the time of the test.
func listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// A container beside a service named tradefront starts; one line says what was passed over.
func TestServiceLinksAreIgnored(t *testing.T) {
	newSite(t)
	links := []string{"TRADEFRONT_PORT=tcp://10.96.12.7:41205", "TRADEFRONT_SERVICE_HOST=10.96.12.7", "TRADEFRONT_BIND=:41205"}
	got := tradefrontWith(links, "", "config", "check", "-c", "tradefront.yaml")
	const want = "warning: the environment has variables that are no configuration of a front, and are ignored: " +
		"TRADEFRONT_BIND, TRADEFRONT_PORT, TRADEFRONT_SERVICE_HOST ("
	if got.status != exitDone || strings.Count(got.out, want) != 1 {
		t.Errorf("%+v", got)
	}
}
