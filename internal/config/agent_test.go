package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodAgent = `
broker_id: "9999"
mode: operator
upstream:
  addresses: ["front-a:41206", "127.0.0.1:41206"]
  app_id: "abcdef_relay_1.6.0"
  operator: "8000"
  password_file: operator.password
  grace: 90s
keys:
  - version: "1.0"
  - version: "2.0"
    algorithm: sm2
limits:
  connections_per_source: 7
`

func loadAgent(t *testing.T, text string, env ...string) (*Agent, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadAgent(path, env)
}

func TestAgent(t *testing.T) {
	a, err := loadAgent(t, goodAgent, "TRADEFRONT_UPSTREAM_EXIT_SPREAD=3s", "TRADEFRONT_FRONT_ID=12")
	if err != nil {
		t.Fatal(err)
	}
	if !a.Operator() || a.Upstream.Addresses[0].String() != "front-a:41206" || a.Upstream.Grace != 90*time.Second ||
		a.Upstream.ExitSpread != 3*time.Second || a.Upstream.Resubmit != "live" || len(a.Keys) != 2 || a.Keys[1].Algorithm != "sm2" {
		t.Errorf("read %+v", a)
	}
	common := a.AsFront()
	if common.BrokerID != "9999" || common.Front.ID != 12 || common.Limits.ConnectionsPerSource != 7 || len(common.Front.Listeners) != 1 ||
		common.Auth.MasterKeyFile.Path != a.Registry.MasterKeyFile.Path || common.Store.Path != a.Accounts {
		t.Errorf("in common with a front: %+v", common)
	}
	found := make(map[string]bool)
	for _, f := range a.CheckFiles() {
		found[f.Key] = true
	}
	for _, key := range []string{"upstream.authcode_file", "upstream.password_file", "registry.file", "registry.master_key_file"} {
		if !found[key] {
			t.Errorf("%s is not there, and no fault of it in %v", key, found)
		}
	}
}

// TestAgentFaults: all of them at once, in the order of the keys.
func TestAgentFaults(t *testing.T) {
	_, err := loadAgent(t, `
broker_id: "9999"
mode: operator
upstream:
  addresses: ["front-a"]
  app_id: ""
  grace: 60
  graec: 60s
  tls: {server_name: front, cert_file: relay.pem}
front:
  listeners:
    - address: "127.0.0.1:41205"
      client_address: proxy
keys:
  - version: "1.0"
  - version: "1.0"
limits:
  requests_over: refuse
`, "TRADEFRONT_UPSTREAM_ADRESSES=x")
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range faults {
		keys = append(keys, f.Key)
	}
	want := "front.listeners[0].trusted_proxies,upstream.addresses[0],upstream.app_id,upstream.operator,upstream.password_file,upstream.grace," +
		"upstream.tls.cert_file,upstream.tls.key_file,upstream.tls.server_name," +
		"upstream.graec,keys[1].version,limits.requests_over,TRADEFRONT_UPSTREAM_ADRESSES"
	for _, key := range strings.Split(want, ",") {
		if !faults.on(key) {
			t.Errorf("no fault of %s in\n%v", key, err)
		}
	}
	if len(keys) != strings.Count(want, ",")+1 {
		t.Errorf("faults of %q", keys)
	}
}

func TestAgentDefaults(t *testing.T) {
	var text strings.Builder
	if err := WriteAgentDefaults(&text, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	written := strings.Replace(text.String(), `broker_id: ""`, `broker_id: "9999"`, 1)
	written = strings.Replace(written, `app_id: ""`, `app_id: "a_b_1"`, 1)
	written = strings.Replace(written, `addresses: []`, `addresses: ["a:1"]`, 1)
	a, err := loadAgent(t, written)
	if err != nil {
		t.Fatal(err)
	}
	if d := DefaultAgent(); a.Upstream.Grace != d.Upstream.Grace || a.Mode != d.Mode || a.Limits.LoginsInFlight != d.Limits.LoginsInFlight {
		t.Errorf("read %+v", a)
	}
}

func TestIsAgent(t *testing.T) {
	for text, want := range map[string]bool{goodAgent: true, "broker_id: \"9999\"\n": false, "relay:\n  upstream: 1\n": false, ":": false} {
		path := filepath.Join(t.TempDir(), "x.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if IsAgent(path) != want {
			t.Errorf("%q: not %v", text, want)
		}
	}
}

// TestAgentOwnInfo: the agent's own machine is collected under key_file, or is in terminal_info_file, not both; each has a version.
func TestAgentOwnInfo(t *testing.T) {
	for lines, want := range map[string]string{
		"key_file: k.pem, key_version: \"1.0\"":           "",
		"terminal_info_file: t.bin, key_version: \"1.0\"": "",
		"key_file: k.pem":           "upstream.key_version",
		"terminal_info_file: t.bin": "upstream.key_version",
		"key_file: k.pem, terminal_info_file: t.bin, key_version: \"1.0\"": "upstream.terminal_info_file",
	} {
		var own strings.Builder
		for _, line := range strings.Split(lines, ", ") {
			own.WriteString("  " + line + "\n")
		}
		a, err := loadAgent(t, strings.Replace(goodAgent, "  grace: 90s\n", own.String(), 1))
		var faults Faults
		if errors.As(err, &faults); (err == nil) != (want == "") || want != "" && (len(faults) != 1 || !faults.on(want)) {
			t.Errorf("%s: %v, want a fault of %q", lines, err, want)
		}
		if key, _, _ := strings.Cut(lines, ":"); err == nil && !a.CheckFiles().on("upstream."+key) {
			t.Errorf("%s: the file is not there, and no fault of it", lines)
		}
		if err == nil {
			a.Mode = AgentInvestor
			if faults := a.CheckFiles(); faults.on("upstream.key_file") || faults.on("upstream.terminal_info_file") {
				t.Errorf("%s: a file that an investor agent does not read: %v", lines, faults)
			}
		}
	}
}
