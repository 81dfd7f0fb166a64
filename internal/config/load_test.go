package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
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
	want := Default()
	want.BrokerID, want.ReportUnitID, want.VendorID = "9999", "0001", "TF01"
	want.resolve(filepath.Dir(path), "")
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
}

// Each leaf stands in the printed defaults, under a comment.
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
	if c.Store.Driver != "postgres" || c.CalendarFile != filepath.Join("..", "..", "configs", "calendar.yaml") {
		t.Errorf("driver %q, calendar %q", c.Store.Driver, c.CalendarFile)
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
	want.Front = Front{ID: 7, Listeners: []Listener{{Address: "a:1"}, {Address: "b:2"}}}
	want.Limits.PendingFrames = 9
	if diff := cmp.Diff(&want, c); diff != "" {
		t.Error(diff)
	}
}

// Every leaf can be overridden, also those without a default and those in lists.
func TestEnvironmentReachesEveryLeaf(t *testing.T) {
	values := map[shape]string{text: "some text", count: "77", flag: "true", span: "77s", texts: "a, b", counts: "7, 8"}
	var env []string
	schema().leaves(func(f *field) {
		env = append(env, strings.Replace(f.variable(), "*", "0", 1)+"="+values[f.shape])
	})
	c, faults := read([]byte("front: {id: 3}"), env)
	if faults != nil {
		t.Fatal(faults)
	}
	var look func(v reflect.Value, f *field)
	look = func(v reflect.Value, f *field) {
		if f.shape == list {
			v = v.Index(0)
		}
		for i := range f.fields {
			switch c, v := &f.fields[i], v.Field(f.fields[i].index); c.shape {
			case section, list:
				look(v, c)
			default:
				want, _ := c.parse(values[c.shape])
				if !reflect.DeepEqual(v.Interface(), reflect.ValueOf(want).Convert(v.Type()).Interface()) {
					t.Errorf("%s is %v, want %v", c.path, v, want)
				}
			}
		}
	}
	look(reflect.ValueOf(*c), schema())
}

func TestEnvironmentExtendsLists(t *testing.T) {
	c, faults := read([]byte("broker_id: x"), []string{
		"TRADEFRONT_KEYS_2_VERSION=3.0", "TRADEFRONT_KEYS_1_VERSION=2.0", "TRADEFRONT_KEYS_1_PUBLIC_KEY_FILE=k2",
		"TRADEFRONT_KEYS_0_NOT_AFTER=2027-01-01", "TRADEFRONT_FRONT_LISTENERS_0_ADDRESS=:1",
		"TRADEFRONT_TEST_POSTGRES=not ours", "PATH=/", "TRADEFRONTIER=1",
	})
	if faults != nil {
		t.Fatal(faults)
	}
	want := []Key{{Version: "1.0", Algorithm: "rsa", PublicKeyFile: "keys/1.0.pem", NotAfter: "2027-01-01"}, {Version: "2.0", PublicKeyFile: "k2"}, {Version: "3.0"}}
	if diff := cmp.Diff(want, c.Keys); diff != "" {
		t.Error(diff)
	}
	if c.Front.Listeners[0].Address != ":1" {
		t.Errorf("listener %q", c.Front.Listeners[0].Address)
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	c := Default()
	c.AuditLog, c.Store.Path = "", "/var/x.db"
	c.resolve("/etc/tf", "")
	if c.AuditLog != "" || c.Store.Path != "/var/x.db" || c.Keys[0].PublicKeyFile != "/etc/tf/keys/1.0.pem" || c.Store.URLFile != "" {
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

func TestPrintSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 12 * time.Hour: "12h", 90 * time.Minute: "1h30m", 3 * time.Minute: "3m", 200 * time.Millisecond: "200ms", time.Hour + time.Second: "1h0m1s",
	} {
		if got := printSpan(d); got != want {
			t.Errorf("printSpan(%d) = %s, want %s", d, got, want)
		}
	}
}

// TestTrusted: networks and single addresses, from the file and from the environment.
func TestTrusted(t *testing.T) {
	const yaml = "front: {listeners: [{address: 'a:1', client_address: proxy, require_tls: true, trusted_proxies: [10.1.0.0/16, '2001:db8::1']}]}"
	for variable, want := range map[string]string{
		"": "[10.1.0.0/16 2001:db8::1/128]",
		"TRADEFRONT_FRONT_LISTENERS_0_TRUSTED_PROXIES=192.0.2.7, fd00::/8": "[192.0.2.7/32 fd00::/8]",
	} {
		c, faults := parse([]byte(yaml), identified(yaml, variable))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		l := &c.Front.Listeners[0]
		if got := fmt.Sprint(l.Trusted()); got != want || !l.FromProxy() || !l.RequireTLS {
			t.Errorf("%q: %+v trusts %s, want %s", variable, l, got, want)
		}
	}
}
