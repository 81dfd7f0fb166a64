package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"
)

func TestNeedRestart(t *testing.T) {
	reloaded := func(path string) bool {
		return slices.Contains([]string{
			"keys", "calendar_file", "log_level", "terminal_info", "front.listeners[].trusted_proxies",
			"limits.penalties", "limits.exempt_networks", "limits.connections",
		}, path)
	}
	network := netip.MustParsePrefix("10.0.0.1/32")
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"nothing", func(*Config) {}, nil},
		{"all that can be reloaded", func(c *Config) {
			c.Keys = append(slices.Clone(c.Keys), Key{Version: "2.0"})
			c.CalendarFile.Path, c.LogLevel, c.TerminalInfo = "other.yaml", zapcore.DebugLevel, "strict"
			c.Front.Listeners[0].TrustedProxies = TrustedNetworks{network}
			c.Limits.Penalties.Max, c.Limits.ExemptNetworks, c.Limits.Connections = 1, ExemptNetworks{network}, 7
		}, nil},
		{"a leaf", func(c *Config) { c.Limits.PendingFrames = 7 }, []string{"limits.pending_frames"}},
		{"a list", func(c *Config) { c.Front.Listeners = []Listener{{Address: at(":1")}} }, []string{"front.listeners"}},
		{"a list's length", func(c *Config) { c.Front.Listeners = append(c.Front.Listeners, Listener{Address: at(":1")}) }, []string{"front.listeners"}},
		{"the order is the struct's", func(c *Config) {
			c.Timers.Drain, c.Store.Path, c.BrokerID, c.LogLevel = 1, "x", "1", zapcore.WarnLevel
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
