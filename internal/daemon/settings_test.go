package daemon

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/demo/site"
)

// TestReloadedKeysExist: a key that is spelled otherwise in the list would be named as in need of a restart.
func TestReloadedKeysExist(t *testing.T) {
	for _, path := range ReloadedKeys() {
		if !config.HasKey(path) {
			t.Errorf("there is no key %s", path)
		}
	}
}

// changes change one key each, to a value that differs in what the front makes of it. A section has one for each of its keys.
func changes(t *testing.T) map[string]func(*config.Config) {
	dir, network := t.TempDir(), netip.MustParsePrefix("192.0.2.0/24")
	address := config.PublicAddress{Seen: netip.MustParseAddr("10.1.2.3"), Public: netip.MustParseAddr("116.228.52.11")}
	calendar, master := filepath.Join(dir, "calendar.yaml"), filepath.Join(dir, "master.key")
	writeFile(t, calendar, string(configs.Calendar)+"  - year: 2028\n    provisional: true\n    source: a guess\n"+
		"    closed:\n      - {from: 2028-01-01, to: 2028-01-03, name: new year}\n")
	if err := auth.CreateMasterKey(master); err != nil {
		t.Fatal(err)
	}
	return map[string]func(*config.Config){
		"keys":                   func(c *config.Config) { c.Keys[0].NotAfter = time.Now().Add(time.Hour) },
		"calendar_file":          func(c *config.Config) { c.CalendarFile.Path = calendar },
		"terminal_info":          func(c *config.Config) { c.TerminalInfo = "strict" },
		"replayed_terminal_info": func(c *config.Config) { c.ReplayedTerminalInfo = "reject" },
		"core.logins_per_user":   func(c *config.Config) { c.Core.LoginsPerUser++ },
		"core.logins_burst":      func(c *config.Config) { c.Core.LoginsBurst++ },

		"limits.connections":                     func(c *config.Config) { c.Limits.Connections = 77 },
		"limits.connections_per_source":          func(c *config.Config) { c.Limits.ConnectionsPerSource++ },
		"limits.unauthenticated":                 func(c *config.Config) { c.Limits.Unauthenticated.Start++ },
		"limits.penalties.failed_authentication": func(c *config.Config) { c.Limits.Penalties.FailedAuthentication++ },
		"limits.penalties.no_authentication":     func(c *config.Config) { c.Limits.Penalties.NoAuthentication++ },
		"limits.penalties.malformed":             func(c *config.Config) { c.Limits.Penalties.Malformed++ },
		"limits.penalties.refusal_flood":         func(c *config.Config) { c.Limits.Penalties.RefusalFlood++ },
		"limits.penalties.threshold":             func(c *config.Config) { c.Limits.Penalties.Threshold++ },
		"limits.penalties.max":                   func(c *config.Config) { c.Limits.Penalties.Max++ },
		"limits.penalties.sources":               func(c *config.Config) { c.Limits.Penalties.Sources++ },
		"limits.exempt_networks":                 func(c *config.Config) { c.Limits.ExemptNetworks = config.ExemptNetworks{network} },
		"limits.logins_in_flight":                func(c *config.Config) { c.Limits.LoginsInFlight++ },
		"limits.relay_share":                     func(c *config.Config) { c.Limits.RelayShare = 0.75 },
		"limits.refusals":                        func(c *config.Config) { c.Limits.Refusals++ },
		"limits.outbound_bytes":                  func(c *config.Config) { c.Limits.OutboundBytes++ },
		"limits.inbound_bytes":                   func(c *config.Config) { c.Limits.InboundBytes++ },
		"limits.requests_per_second":             func(c *config.Config) { c.Limits.RequestsPerSecond++ },
		"limits.requests_over":                   func(c *config.Config) { c.Limits.RequestsOver = "refuse" },

		"relay.max_terminal_age": func(c *config.Config) { c.Relay.MaxTerminalAge++ },
		"relay.clock_ahead":      func(c *config.Config) { c.Relay.ClockAhead++ },
		"relay.submit_id_age":    func(c *config.Config) { c.Relay.SubmitIDAge++ },
		"relay.operator_record":  func(c *config.Config) { c.Relay.OperatorRecord = "audit_only" },
		"relay.offline_orders":   func(c *config.Config) { c.Relay.OfflineOrders = true },
		"relay.audit_tags":       func(c *config.Config) { c.Relay.AuditTags = true },
		"relay.public_addresses": func(c *config.Config) { c.Relay.PublicAddresses = config.PublicAddresses{address} },
		"relay.max_visits":       func(c *config.Config) { c.Relay.MaxVisits++ },
		"relay.terminal_exits":   func(c *config.Config) { c.Relay.TerminalExits = config.AppIDs{"a_b_1"} },

		"auth.master_key_file":              func(c *config.Config) { c.Auth.MasterKeyFile.Path = master },
		"front.listeners[].trusted_proxies": func(c *config.Config) { c.Front.Listeners[0].TrustedProxies = config.TrustedNetworks{network} },
		"log_level":                         func(c *config.Config) { c.LogLevel = zapcore.DebugLevel },
	}
}

// TestReloadedKeysReachTheirSetter: a change of one key changes what the setter takes beside which the key is named, and that one's alone. A
// key beside another setter would count as taken over without being so, or would bring a change of others with it.
func TestReloadedKeysReachTheirSetter(t *testing.T) {
	made, err := site.New(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	var before *loaded
	load := func(key string, change func(*config.Config)) *loaded {
		c, err := config.Load(made.Path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(c)
		assets, err := assemble.LoadAssets(c)
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && key != "keys" && key != "calendar_file" { // two that were loaded from the same files cannot be compared
			assets.Keys, assets.Calendar = before.assets.Keys, before.assets.Calendar
		}
		return &loaded{c, assets, assets.Policy(c), made.Config.NeedRestart(c, Reloads)}
	}
	none, all := func(*config.Config) {}, changes(t)
	before = load("", none)
	for i := range settings {
		if !reflect.DeepEqual(settings[i].value(made.Config, before), settings[i].value(made.Config, load("", none))) {
			t.Fatalf("the same configuration, loaded twice, differs in what the setter of %q takes", settings[i].keys)
		}
	}
	for key, change := range all {
		next := load(key, change)
		if got := changed(before.cfg, next.cfg); len(got) != 1 || got[0] != strings.ReplaceAll(key, "[].trusted_proxies", "") {
			t.Errorf("the change of %s changes %q", key, got)
		}
		for i := range settings {
			took := !reflect.DeepEqual(settings[i].value(made.Config, before), settings[i].value(made.Config, next))
			if named := slices.ContainsFunc(settings[i].keys, within(key)); took != named {
				t.Errorf("%s is named beside the setter of %q: %t; that takes its change over: %t", key, settings[i].keys, named, took)
			}
		}
	}
	for _, key := range ReloadedKeys() {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(c string) bool { return within(c)(key) }) {
			t.Errorf("no change of %s is tried", key)
		}
	}
}

// changed are the keys in which two configurations differ, by their paths; a list is one.
func changed(a, b *config.Config) []string {
	return a.NeedRestart(b, func(string) bool { return false })
}

// within says of a key, or of a section, whether key is it or in it.
func within(key string) func(of string) bool {
	return func(of string) bool { return key == of || strings.HasPrefix(key, of+".") }
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
