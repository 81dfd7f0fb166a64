package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/regulation"
)

func TestDefaultsLoadAsDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tradefront.yaml")
	if err := os.WriteFile(path, []byte(Defaults()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path, identified(""))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := readConfig([]byte("front: {}"), identified(""), filepath.Dir(path)) // the defaults, by way of config.go alone
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Error(diff)
	}
}

// Each leaf is in the printed defaults, under a comment.
func TestDefaultsShowEveryLeaf(t *testing.T) {
	doc, problem := parseYAML([]byte(Defaults()))
	if problem != "" {
		t.Fatal(problem)
	}
	var compare func(f *field, n *yaml.Node)
	compare = func(f *field, n *yaml.Node) {
		if n.Kind == yaml.SequenceNode {
			n = n.Content[0]
		}
		if len(n.Content) != 2*len(f.fields) {
			t.Fatalf("%q shows %d keys of %d", f.path, len(n.Content)/2, len(f.fields))
		}
		for i := range f.fields {
			key := n.Content[2*i]
			if key.Value != f.fields[i].name || !strings.HasPrefix(key.HeadComment, "# ") {
				t.Errorf("%s: key %q, comment %q", f.fields[i].path, key.Value, key.HeadComment)
			}
			if !f.fields[i].leaf() {
				compare(&f.fields[i], n.Content[2*i+1])
			}
		}
	}
	compare(schema(), doc)
}

func TestSample(t *testing.T) {
	c, err := Load("../../configs/tradefront.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Driver != "postgres" || c.CalendarFile.Path != filepath.Join("..", "..", "configs", "calendar.yaml") {
		t.Errorf("driver %q, calendar %q", c.Store.Driver, c.CalendarFile.Path)
	}
	for _, f := range c.CheckFiles() {
		if f.Key == "calendar_file" {
			t.Errorf("the sample's calendar: %v", f)
		}
	}
}

// What is left out keeps its default; lists are replaced, not merged.
func TestFileOverDefaults(t *testing.T) {
	c, faults := read([]byte("front:\n  id: 7\n  listeners:\n  - address: a:1\n  - address: b:2\nadmin:\nlimits: {pending_frames: 9}\n"), nil)
	if faults != nil {
		t.Fatal(faults)
	}
	want := Default()
	want.Front = Front{ID: 7, Listeners: []Listener{
		{Address: at("a:1"), ClientAddress: "peer", Admits: "terminals"}, {Address: at("b:2"), ClientAddress: "peer", Admits: "terminals"},
	}}
	want.Limits.PendingFrames = 9
	if diff := cmp.Diff(&want, c, byValue); diff != "" {
		t.Error(diff)
	}
}

// TestEnvironmentReachesEveryLeaf: each variable changes its key and no other.
func TestEnvironmentReachesEveryLeaf(t *testing.T) {
	values := map[kind]string{text: "some text", number: "77", flag: "true", duration: "77s", valueList: "7, 8", fraction: "0.7"}
	types := map[reflect.Type]string{
		reflect.TypeFor[ExemptNetworks](): "10.0.0.1, 10.0.0.2", reflect.TypeFor[Address](): "127.0.0.9:9", reflect.TypeFor[EarlyDrop](): "1:2:3", reflect.TypeFor[DatabaseURL](): "postgres://u@h/d",
		reflect.TypeFor[CoreEndpoints]():   "core-a.firm:7, unix:/run/core.sock",
		reflect.TypeFor[AppIDs]():          "a_relay_1.0, b_relay_2.0",
		reflect.TypeFor[PublicAddresses](): "10.1.2.3=116.228.52.11, 2001:db8::1=116.228.52.12",
	}
	before, _ := read([]byte("front: {}"), nil)
	for variable, f := range variables(schema()) {
		value := values[f.kind]
		if v, ok := types[f.goType]; ok {
			value = v
		}
		if all := f.choices(); len(all) > 0 {
			value = all[len(all)-1]
		}
		after, faults := read([]byte("front: {}"), []string{variable + "=" + value})
		never := func(string) bool { return false }
		if got := before.NeedRestart(after, never); len(faults) > 0 || len(got) != 1 || got[0] != f.path {
			t.Errorf("%s=%s changes %q, %v; want %s", variable, value, got, faults, f.path)
		}
	}
}

// TestEntriesReachTheirLeaves: what a list in the file gives each type of key in its entries.
func TestEntriesReachTheirLeaves(t *testing.T) {
	c, faults := read([]byte(`keys:
  - {version: "1.0", public_key_file: k1, not_after: 2027-01-01}
  - {version: "2.0", public_key_file: /k2, algorithm: sm2, not_before: "2026-07-01T00:00:00Z"}
front: {listeners: [{address: ":1", client_address: proxy, trusted_proxies: [10.0.0.1], require_tls: true}]}
`), []string{"TRADEFRONT_TEST_POSTGRES=not ours", "PATH=/", "TRADEFRONTIER=1"})
	if faults != nil {
		t.Fatal(faults)
	}
	year := func(y int, m time.Month, zone *time.Location) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, zone) }
	want := []Key{
		{Version: "1.0", Algorithm: "rsa", PublicKeyFile: File{Path: "k1"}, NotAfter: year(2027, 1, regulation.Zone)},
		{Version: "2.0", Algorithm: "sm2", PublicKeyFile: File{Path: "/k2"}, NotBefore: year(2026, 7, time.UTC)},
	}
	if diff := cmp.Diff(want, c.Keys, byValue); diff != "" {
		t.Error(diff)
	}
	listener := Listener{
		Address: at(":1"), ClientAddress: "proxy", TrustedProxies: TrustedNetworks{netip.MustParsePrefix("10.0.0.1/32")}, RequireTLS: true, Admits: "terminals",
	}
	if diff := cmp.Diff([]Listener{listener}, c.Front.Listeners, byValue); diff != "" {
		t.Error(diff)
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	c, _ := readConfig([]byte("audit_log: ''\nstore: {path: /var/x.db}"), nil, "/etc/tf")
	if c.AuditLog != "" || c.Store.Path != "/var/x.db" || c.Keys[0].PublicKeyFile.Path != "/etc/tf/keys/1.0.pem" || c.Store.URLFile.Path != "" {
		t.Errorf("%+v", c)
	}
}

func TestLoadUnreadable(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"": "no configuration file is named", filepath.Join(dir, "none"): "cannot be read", dir: "cannot be read", large: "longer than",
	} {
		_, err := Load(path, nil)
		var faults Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%q): %v, want %q in Faults", path, err, want)
		}
	}
}

func TestPrintDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 12 * time.Hour: "12h", 90 * time.Minute: "1h30m", 3 * time.Minute: "3m", 200 * time.Millisecond: "200ms", time.Hour + time.Second: "1h0m1s",
	} {
		if got := printDuration(d); got != want {
			t.Errorf("printDuration(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestLogLevels(t *testing.T) {
	for level, want := range map[string]string{"debug": "", "info": "", "warn": "", "error": "", "fatal": "fault", "loud": "fault", "panic": "fault"} {
		yaml := "log_level: " + level
		if c, faults := parse([]byte(yaml), identified(yaml)); faults.on("log_level") != (want != "") || want == "" && c.LogLevel.String() != level {
			t.Errorf("log_level %s: %v, %v", level, c.LogLevel, faults)
		}
	}
}

// TestNetworks: networks and single addresses, from the file and from the environment.
func TestNetworks(t *testing.T) {
	const yaml = "front: {listeners: [{address: 'a:1', client_address: proxy, require_tls: true, trusted_proxies: [10.1.0.0/16, '2001:db8::1']}]}"
	c, faults := parse([]byte(yaml), identified(yaml, "TRADEFRONT_LIMITS_EXEMPT_NETWORKS=192.0.2.7, fd00::/8"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	l := &c.Front.Listeners[0]
	if got, want := fmt.Sprint(l.TrustedProxies), "[10.1.0.0/16 2001:db8::1/128]"; got != want || !l.FromProxy() || !l.RequireTLS {
		t.Errorf("%+v trusts %s, want %s", l, got, want)
	}
	if got, want := fmt.Sprint(c.Limits.ExemptNetworks), "[192.0.2.7/32 fd00::/8]"; got != want {
		t.Errorf("%s are exempt, want %s", got, want)
	}
}

// byValue lets cmp look at the types of leaves.
var byValue = cmp.Options{
	cmp.AllowUnexported(File{}, Address{}, DatabaseURL{}), cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}), cmpopts.EquateEmpty(),
}

// parse reads and judges data of a file in the working folder.
func parse(data []byte, env []string) (*Config, Faults) { return readConfig(data, env, "") }

// read is parse without the faults of what could be read.
func read(data []byte, env []string) (*Config, Faults) {
	written, faults := layer(schema(), data, env)
	return new(settler).settle(written), faults
}
