package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteInForce: every key has its line, with the value of file and environment, and no secret is in it.
func TestWriteInForce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tradefront.yaml")
	const file = "broker_id: \"9999\"\nreport_unit_id: \"0001\"\nvendor_id: \"TF01\"\n" +
		"keys:\n  - version: \"1.0\"\n    public_key_file: \"keys/1.0.pem\"\n    not_after: \"2026-03-01\"\n" +
		"limits:\n  exempt_networks: [\"10.1.2.0/24\"]\n" +
		"store:\n  driver: postgres\n  url: \"postgres://front:pass-word@db.firm/tf\"\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, []string{"TRADEFRONT_FRONT_ID=7"})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := c.WriteInForce(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"broker_id: \"9999\"\n", "front.id: 7\n", "front.listeners[0].address: \"127.0.0.1:41205\"\n", "keys[0].not_after: 2026-03-01T00:00:00+08:00\n",
		"keys[0].not_before: \"\"\n", "store.url: (hidden)\n", "store.patience: 5s\n", "limits.exempt_networks: [10.1.2.0/24]\n", "admin.pprof: false\n",
		"limits.relay_share: 0.5\n", "log_level: \"info\"\n", "core.link.endpoints: []\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "pass-word") || strings.Contains(text.String(), "db.firm") {
		t.Error(text.String())
	}
	leaves := 0
	schema().leaves(func(*field) { leaves++ })
	if lines := strings.Count(text.String(), "\n"); lines != leaves {
		t.Errorf("%d lines of %d keys", lines, leaves) // one listener and one key
	}
}
