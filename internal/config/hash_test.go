package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
)

// TestHash: what makes two fronts different fronts does not change the hash, each setting that they share does.
func TestHash(t *testing.T) {
	t.Parallel()
	base := Default()
	hash := base.Hash()
	if len(hash) != 64 || hash != base.Hash() {
		t.Fatalf("hash %q", hash)
	}
	for name, change := range map[string]func(*Config){
		"front.id": func(c *Config) { c.Front.ID = 2 },
		"addresses": func(c *Config) {
			c.Front.Listeners[0].Address, c.Admin.Address, c.Admin.HealthAddress = at(":1"), at(":2"), at(":3")
		},
		"files": func(c *Config) {
			c.Store.Path, c.AuditLog, c.CalendarFile.Path, c.Keys[0].PublicKeyFile.Path = "a", "b", "c", "d"
		},
		"secrets": func(c *Config) { c.Store.URL, _ = parseDatabaseURL("postgres://front:other@db/tf") },
	} {
		if c := changedDefault(change); c.Hash() != hash {
			t.Errorf("%s is in the hash", name)
		}
	}
	seen := map[string]string{hash: "nothing"}
	for name, change := range map[string]func(*Config){
		"a leaf":        func(c *Config) { c.Limits.Refusals = 7 },
		"another leaf":  func(c *Config) { c.Limits.PendingFrames = 7 },
		"log_level":     func(c *Config) { c.LogLevel = zapcore.DebugLevel },
		"of a listener": func(c *Config) { c.Front.Listeners[0].ClientAddress = "proxy" },
		"a listener":    func(c *Config) { c.Front.Listeners = append(c.Front.Listeners, c.Front.Listeners[0]) },
		"a key's end":   func(c *Config) { c.Keys[0].NotAfter = time.Unix(1, 0) },
		"a key":         func(c *Config) { c.Keys = append(c.Keys, Key{Version: "2.0"}) },
		"fronts":        func(c *Config) { c.Fronts = []int32{1, 2} },
	} {
		h := changedDefault(change).Hash()
		if other, taken := seen[h]; taken {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[h] = name
	}
}

// changedDefault is the default configuration with a change, and with nothing of it shared with another's.
func changedDefault(change func(*Config)) *Config {
	c := Default()
	change(&c)
	return &c
}

// TestHashLeavesOut: these keys and no others, as the handbook says: a further one is a decision.
func TestHashLeavesOut(t *testing.T) {
	t.Parallel()
	var left []string
	schema().leaves(func(f *field) {
		if !f.common() {
			left = append(left, f.path)
		}
	})
	want := []string{
		"front.id", "front.listeners[].address", "admin.address", "admin.web_config_file", "admin.ca_file", "admin.login_file",
		"admin.health_address", "audit_log", "keys[].public_key_file", "auth.master_key_file", "calendar_file", "core.link.ca_file",
		"core.link.cert_file", "core.link.key_file", "store.path", "store.url", "store.url_file",
	}
	if !slices.Equal(left, want) {
		t.Errorf("left out:\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
}

// TestTakeOver: what a reload takes over has the new value, all else the old one, and neither configuration is changed.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	reloaded := func(path string) bool {
		return slices.Contains([]string{"keys", "log_level", "front.listeners[].trusted_proxies", "limits.penalties"}, path)
	}
	network := TrustedNetworks{netip.MustParsePrefix("10.0.0.1/32")}
	next := changedDefault(func(c *Config) {
		c.Keys = []Key{{Version: "2.0"}}
		c.LogLevel, c.Limits.Penalties.Max, c.Limits.Refusals = zapcore.DebugLevel, 1, 7
		c.Front.Listeners[0].TrustedProxies = network
	})
	old := Default()
	before := old.Hash()
	after := old.TakeOver(next, reloaded)
	want := changedDefault(func(c *Config) {
		c.Keys = []Key{{Version: "2.0"}}
		c.LogLevel, c.Limits.Penalties.Max = zapcore.DebugLevel, 1
		c.Front.Listeners[0].TrustedProxies = network
	})
	if after.Hash() != want.Hash() || old.Hash() != before {
		t.Errorf("after %+v, the old one is now %+v", after, old)
	}
	next.Front.Listeners[0].Admits = "relays" // now the list waits for a restart, and its trusted proxies with it
	if after := old.TakeOver(next, reloaded); len(after.Front.Listeners[0].TrustedProxies) != 0 || after.LogLevel != zapcore.DebugLevel {
		t.Errorf("after a change of the listener: %+v", after.Front)
	}
}
