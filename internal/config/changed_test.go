package config

import (
	"slices"
	"testing"
)

func TestNeedRestart(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"nothing", func(*Config) {}, nil},
		{"all that can be reloaded", func(c *Config) {
			c.Keys = append(slices.Clone(c.Keys), Key{Version: "2.0"})
			c.CalendarFile, c.LogLevel, c.TerminalInfo = "other.yaml", "debug", "strict"
			c.Front.Listeners[0].TrustedProxies = []string{"10.0.0.1"}
			c.Limits.Penalties.Max, c.Limits.ExemptNetworks, c.Limits.Connections = 1, []string{"10.0.0.1"}, 7
		}, nil},
		{"a leaf", func(c *Config) { c.Limits.PendingFrames = 7 }, []string{"limits.pending_frames"}},
		{"a list", func(c *Config) { c.Front.Listeners = []Listener{{Address: ":1"}} }, []string{"front.listeners"}},
		{"a list's length", func(c *Config) { c.Front.Listeners = append(c.Front.Listeners, Listener{Address: ":1"}) }, []string{"front.listeners"}},
		{"the order is the struct's", func(c *Config) {
			c.Timers.Drain, c.Store.Path, c.BrokerID, c.LogLevel = 1, "x", "1", "warn"
		}, []string{"broker_id", "store.path", "timers.drain"}},
	} {
		next := Default()
		tt.change(&next)
		old := Default()
		if got := old.NeedRestart(&next); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A key that is spelled otherwise in the list would be named as in need of a restart.
func TestReloadableKeysExist(t *testing.T) {
	there := make(map[string]bool)
	schema().walk(func(f *field) { there[f.path] = true })
	for _, path := range reloadable {
		if !there[path] {
			t.Errorf("there is no key %s", path)
		}
	}
}

func TestKeyAlgorithm(t *testing.T) {
	for algorithm, good := range map[string]bool{"": true, "rsa": true, "sm2": true, "SM2": false, "rsa2048": false} {
		c := Default()
		c.Keys[0].Algorithm = algorithm
		if faults := c.check(); faults.on("keys[0].algorithm") == good {
			t.Errorf("%q: %v", algorithm, faults)
		}
	}
}
