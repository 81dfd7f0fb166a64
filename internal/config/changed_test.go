package config

import (
	"slices"
	"strings"
	"testing"
)

func TestNeedRestart(t *testing.T) {
	reloaded := func(path string) bool {
		return slices.Contains([]string{
			"keys", "calendar_file", "log_level", "terminal_info", "front.listeners[].trusted_proxies",
			"limits.penalties", "limits.exempt_networks", "limits.connections",
		}, path)
	}
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
		if got := old.NeedRestart(&next, reloaded); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
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

// TestReloadInTheDefaults: the line is where the reload says so, and nowhere else.
func TestReloadInTheDefaults(t *testing.T) {
	var all strings.Builder
	if err := WriteDefaults(&all, func(path string) bool { return path == "limits.penalties" || path == "log_level" }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n# SIGHUP takes a change over.\nlog_level:", "\n  # SIGHUP takes a change over.\n  penalties:"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(all.String(), "SIGHUP"); n != 2 {
		t.Errorf("%d lines about a reload, want 2", n)
	}
}
