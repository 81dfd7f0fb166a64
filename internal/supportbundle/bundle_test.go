package supportbundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/ops"
)

// What must not leave the firm; each of them is put somewhere.
var hidden = []string{
	"S3cret-of-the-firm", "S3cret%3Dodd", "S3cret=odd", // of the database's URL
	"88001234", "12345678", "0007", "operator9", // accounts and an operator
	"203.0.113.77", "198.51.100.9", "192.0.2.44", "203.0.113.0/24", "203.0.113.*", "100.64.3.2", // addresses
	"2001:db8::77", "2001:db8:85a3", "00:1a:2b:3c:4d:5e",
	"core-a.firm.example", "wang", "name Li", "88****34", "51234",
}

const auditText = `{"time":"2026-03-04T09:00:00.123+08:00","event":"login","reason":"accepted","code":0,"record_id":"r-1","app_id":"a_b_1","account":"88001234","address":"203.0.113.77","port":51234,"proxy":"100.64.3.2","front_id":1,"session_id":7}
{"time":"2026-03-04T09:00:01.000+08:00","event":"login","reason":"password","code":3,"ref":"K7Q2MX","app_id":"12345678","account":"88001234","address":"2001:db8::77","port":51234,"front_id":1,"session_id":8}
{"time":"2026-03-04T09:00:02.000+08:00","event":"submit","reason":"accepted","code":0,"account":"12345678","address":"192.0.2.44","port":2,"relay_app_id":"r_b_1","operator":"operator9","terminal_address":"198.51.100.9","terminal_port":51234,"terminal_mac":"00:1a:2b:3c:4d:5e","terminal_tag":"0007","front_id":1,"session_id":9}
{"time":"2026-03-04T09:00:03.000+08:00","event":"suppressed","reason":"flood","code":0,"front_id":1,"session_id":0,"source":"203.0.113.0/24","since":"2026-03-04T09:00:00.000+08:00","lines":12,"reasons":{"malformed":12}}
{"time":"2026-03-04T09:00:04.000+08:00","event":"session_end","reason":"ended","code":0,"front_id":1,"session_id":9,"by":"wang@ops-host","text":"call 88001234","new_key":"88001234"}
{"time":"2026-03-04T09:00:05.000+08:00","event":"operator_action","reason":"ok","code":0,"account":"12345678","front_id":1,"session_id":0,"action":"019c-1","command":"account disable","subject":"12345678","changes":"name Li of 0007","why":"wang asked","by":"wang@ops-host"}
{"time":"2026-03-04T09:00:06.000+08:00","event":"login","account":"88001
`

const logText = `{"level":"warn","time":"2026-03-04T09:00:00.000+08:00","msg":"refused","account":"88****34","address":"203.0.113.*","line":"dialogue.go:12:34"}
{"level":"warn","msg":"v6 2001:db8:85a3:* and [2001:db8::77]:41205, dial tcp 198.51.100.9:5432: refused, core core-a.firm.example:41300; account 88001234."}
{"level":"error","msg":"postgres://front:S3cret-of-the-firm@127.0.0.1:1/tf?sslpassword=S3cret%3Dodd"}
`

// firmAt makes the folder of a firm whose front answers at admin.
func firmAt(t *testing.T, admin string) *Options {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "tradefront.yaml")
	text := "broker_id: \"9999\"\nreport_unit_id: \"0001\"\nvendor_id: \"TF01\"\n" +
		"admin:\n  address: \"" + admin + "\"\n" +
		"front:\n  listeners:\n    - address: \"127.0.0.1:0\"\n      client_address: proxy\n      trusted_proxies: [\"100.64.3.2\"]\n" +
		"limits:\n  exempt_networks: [\"203.0.113.0/24\"]\n" +
		"core:\n  driver: link\n  link:\n    endpoints: [\"core-a.firm.example:41300\"]\n    ca_file: ca.pem\n    cert_file: c.pem\n    key_file: k.pem\n" +
		"keys:\n  - version: \"1.0\"\n    public_key_file: \"keys/1.0.pem\"\n" +
		"store:\n  driver: postgres\n  url: \"postgres://front:S3cret-of-the-firm@127.0.0.1:1/tf?sslpassword=S3cret%3Dodd\"\n"
	write(t, path, text)
	write(t, filepath.Join(dir, "audit.jsonl"), auditText)
	cfg, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Options{Path: path, Config: cfg, Build: ops.Build{Version: "1.2.3", Commit: "c0ffee", Go: "go1.26"}, Now: time.Now}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// front answers as a front's admin listener.
func front(t *testing.T, trace string) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	answer("GET /readyz", http.StatusServiceUnavailable, `{"ready":false,"reasons":[{"name":"postgres","reason":"dial tcp 198.51.100.9:5432: refused"}]}`)
	answer("GET /status", http.StatusOK, `{"front_id":1,"version":"1.2.2","state":"serving","heaviest_sources":[{"source":"203.0.113.*"}]}`)
	answer("GET /metrics", http.StatusOK, "tradefront_logins_total{result=\"accepted\"} 88001234\n")
	answer("POST /support/goroutines", http.StatusOK, "goroutine profile: total 3\n")
	answer("POST /support/heap", http.StatusOK, "\x1f\x8bheap")
	answer("POST /support/trace", http.StatusOK, trace)
	answer("POST /support/log", http.StatusOK, logText)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// unpack makes a bundle and returns its files by their names.
func unpack(t *testing.T, o *Options) (*Contents, map[string]string) {
	t.Helper()
	var b bytes.Buffer
	contents, err := Write(t.Context(), o, &b)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]string)
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return contents, there
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		there[filepath.Base(h.Name)] = string(text)
	}
}

// keyed are the hashes in place of names: one may hold the digits of a short account by chance.
var keyed = regexp.MustCompile(`-[0-9a-f]{10}\b`)

func wantNothingHidden(t *testing.T, there map[string]string) {
	t.Helper()
	for name, text := range there {
		text = keyed.ReplaceAllString(text, "-hash")
		for _, h := range hidden {
			if strings.Contains(text, h) {
				t.Errorf("%s has %s:\n%s", name, h, text)
			}
		}
	}
}

// TestBundle: everything is there, and nothing of what must not leave the firm.
func TestBundle(t *testing.T) {
	contents, there := unpack(t, firmAt(t, front(t, "go 1.26 trace\x00\x00\x00")))
	if len(contents.LeftOut) != 0 || len(there) != len(sections())+1 {
		t.Errorf("left out %+v, there %d", contents.LeftOut, len(there))
	}
	wantNothingHidden(t, there)
	for name, want := range map[string][]string{
		"version.json":      {`"version": "1.2.3"`, `"front": "1.2.2"`},
		"configuration.txt": {"store.url: (hidden)\n", "front.listeners[0].client_address: \"proxy\"\n", "core.link.endpoints: [host-"},
		"doctor.txt":        {"FAIL  postgres", "失败  postgres"},
		"readyz.json":       {`"name":"postgres"`, "dial tcp address-"},
		"log.txt":           {`"time":"2026-03-04T09:00:00.000+08:00"`, "dialogue.go:12:34", "]:41205", ":5432: refused", "account account-"},
		"audit.jsonl":       {`"ref":"K7Q2MX"`, `"app_id":"a_b_1"`, "\"app_id\":\"value-", `"reasons":{"malformed":12}`, `{"unreadable":true}`, "\"by\":\"person-", `"command":"account disable","subject":"value-`},
		"trace.out":         {"go 1.26 trace\x00"},
		"MANIFEST.txt":      {"trace.out", "go tool trace", "nothing 无"},
	} {
		for _, w := range want {
			if !strings.Contains(there[name], w) {
				t.Errorf("%s lacks %q:\n%s", name, w, there[name])
			}
		}
	}
	// Equal ones are equal, in all files.
	of := func(kind, value string) string {
		for token, stands := range contents.Names {
			if stands == value && strings.HasPrefix(token, kind+"-") {
				return token
			}
		}
		t.Fatal("no token of ", value)
		return ""
	}
	if n := strings.Count(there["audit.jsonl"], of(kindAccount, "88001234")); n < 2 || !strings.Contains(there["log.txt"], of(kindAccount, "88001234")) {
		t.Errorf("%d of %s\n%s", n, of(kindAccount, "88001234"), there["audit.jsonl"])
	}
	if !strings.Contains(there["readyz.json"], of(kindAddress, "198.51.100.9")) || !strings.Contains(there["audit.jsonl"], of(kindAddress, "198.51.100.9")) {
		t.Error("an address differs between two files")
	}
	_, again := unpack(t, firmAt(t, front(t, "t")))
	if strings.Contains(again["audit.jsonl"], of(kindAccount, "88001234")) {
		t.Error("another bundle has the same tokens")
	}
}

// TestFrontDown: the bundle is made all the same, and says what is missing and why.
func TestFrontDown(t *testing.T) {
	o := firmAt(t, "127.0.0.1:1")
	contents, there := unpack(t, o)
	wantNothingHidden(t, there)
	if len(contents.LeftOut) != 7 {
		t.Errorf("%+v", contents.LeftOut)
	}
	if !strings.Contains(there["MANIFEST.txt"], "because 原因: the front at 127.0.0.1:1: ") || !strings.Contains(there["MANIFEST.txt"], "--log FILE") {
		t.Error(there["MANIFEST.txt"])
	}
	o.Log = filepath.Join(filepath.Dir(o.Path), "log.txt")
	write(t, o.Log, logText)
	if _, there = unpack(t, o); !strings.Contains(there["log.txt"], "dialogue.go:12:34") {
		t.Error(there["MANIFEST.txt"])
	}
	wantNothingHidden(t, there)
}

// TestNoConfiguration: a file that cannot be read is what the bundle is about.
func TestNoConfiguration(t *testing.T) {
	_, err := config.Load("nosuch.yaml", nil)
	_, there := unpack(t, &Options{Path: "nosuch.yaml", Err: err, Now: time.Now})
	if !strings.Contains(there["configuration.txt"], "# the configuration file cannot be read") || !strings.Contains(there["MANIFEST.txt"], "audit.jsonl") {
		t.Errorf("%q", there)
	}
}

// TestSecretInTrace: what cannot be redacted is left out if a secret is in it.
func TestSecretInTrace(t *testing.T) {
	contents, there := unpack(t, firmAt(t, front(t, "go 1.26 trace\x00S3cret-of-the-firm")))
	wantNothingHidden(t, there)
	if len(contents.LeftOut) != 1 || contents.LeftOut[0].Name != "trace.out" || contents.LeftOut[0].Why != "a secret was found in it" {
		t.Errorf("%+v", contents.LeftOut)
	}
}
