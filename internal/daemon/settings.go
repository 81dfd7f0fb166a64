package daemon

import (
	"context"
	"net/netip"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
)

// setting is a group of keys that a reload takes over by one setter. Everything that tells which keys a
// reload takes over is derived from settings: what needs a restart, the reload's log line, the help of serve,
// config defaults and the page of all keys. A further key is one word beside its setter here.
type setting struct {
	keys []string // by their paths, as in config.NeedRestart
	taker
	// fields are what the log line of a reload tells of it; may be nil.
	fields func(*loaded) []zap.Field
}

// taker is a setter, apart from what it takes from a configuration: so a test can hold each key to the setter beside which it is named.
type taker struct {
	// value is all that set gets of a configuration. Of the one of the start it has what a reload leaves as it is.
	value func(atStart *config.Config, next *loaded) any
	set   func(context.Context, *Daemon, any)
}

func takes[T any](value func(*config.Config, *loaded) T, set func(context.Context, *Daemon, T)) taker {
	return taker{
		func(atStart *config.Config, next *loaded) any { return value(atStart, next) },
		func(ctx context.Context, d *Daemon, v any) { set(ctx, d, v.(T)) },
	}
}

// limits are what the keys of section limits become.
type limits struct {
	front front.Limits
	audit logs.AuditLimits
}

// loaded is a configuration that was judged to be good, with what was made of it.
type loaded struct {
	cfg     *config.Config
	assets  *assemble.Assets
	policy  gateway.Policy
	restart []string // changed keys that no setting has
}

// frontLimitKeys are the keys of what front.SetLimits takes over, at a relay agent too.
var frontLimitKeys = []string{
	"limits.connections", "limits.connections_per_source", "limits.unauthenticated", "limits.penalties",
	"limits.exempt_networks", "limits.logins_in_flight", "limits.relay_share", "limits.refusals",
	"limits.outbound_bytes",
	"limits.requests_per_second", "limits.requests_over", "limits.inbound_bytes",
}

// settings are taken over in this order. Each setter replaces its values in one step, for connections and
// logins that begin after it; none closes a connection.
var settings = []setting{
	{
		keys: []string{"keys", "calendar_file", "terminal_info", "replayed_terminal_info", "core.logins_per_user", "core.logins_burst"},
		taker: takes(
			func(_ *config.Config, next *loaded) gateway.Policy { return next.policy },
			func(_ context.Context, d *Daemon, p gateway.Policy) { d.path.Gateway.SetPolicy(p) },
		),
		fields: func(next *loaded) []zap.Field {
			versions := make([]string, 0, len(next.cfg.Keys))
			for _, k := range next.policy.Keys.Keys() {
				versions = append(versions, k.Version)
			}
			return []zap.Field{
				zap.Strings("key_versions", versions), zap.Stringer("calendar_to", next.policy.Calendar.Horizon()),
				zap.String("terminal_info", next.cfg.TerminalInfo), zap.String("replayed_terminal_info", next.cfg.ReplayedTerminalInfo),
			}
		},
	},
	{
		keys: frontLimitKeys,
		taker: takes(
			func(atStart *config.Config, next *loaded) limits {
				return limits{assemble.FrontLimits(next.cfg, next.assets.MaxConnections), assemble.AuditLimits(atStart, &next.cfg.Limits)}
			},
			func(_ context.Context, d *Daemon, l limits) {
				d.front.SetLimits(l.front)
				d.path.Audit.SetLimits(l.audit)
			},
		),
	},
	{
		keys: []string{
			"relay.max_terminal_age", "relay.clock_ahead", "relay.submit_id_age", "relay.operator_record", "relay.offline_orders",
			"relay.audit_tags", "relay.public_addresses", "relay.max_visits", "relay.terminal_exits",
		},
		taker: takes(
			func(atStart *config.Config, next *loaded) gateway.RelayOptions {
				options := assemble.GatewayRelays(next.cfg)
				options.Enabled = atStart.Relay.Enabled // with the listeners, decided at the start
				return options
			},
			func(_ context.Context, d *Daemon, options gateway.RelayOptions) { d.path.Gateway.SetRelay(options) },
		),
	},
	{
		keys: []string{"auth.master_key_file"},
		taker: takes(
			func(_ *config.Config, next *loaded) *auth.MasterKey { return next.assets.Master },
			func(ctx context.Context, d *Daemon, master *auth.MasterKey) { d.replaceMasterKey(ctx, master) },
		),
	},
	{
		keys: []string{"front.listeners[].trusted_proxies"},
		taker: takes(
			func(_ *config.Config, next *loaded) [][]netip.Prefix {
				if slices.Contains(next.restart, "front.listeners") {
					return nil // they belong to listeners that are not these
				}
				return trustedProxies(next.cfg)
			},
			func(_ context.Context, d *Daemon, trusted [][]netip.Prefix) {
				if trusted != nil {
					d.front.SetTrusted(trusted)
				}
			},
		),
	},
	{
		keys: []string{"log_level"},
		// The log line of the reload comes under the more talkative of the two levels; reload then sets the new one.
		taker: takes(
			func(_ *config.Config, next *loaded) zapcore.Level { return next.cfg.LogLevel },
			func(_ context.Context, d *Daemon, level zapcore.Level) { d.level.SetLevel(min(d.level.Level(), level)) },
		),
		fields: func(next *loaded) []zap.Field { return []zap.Field{zap.Stringer("log_level", next.cfg.LogLevel)} },
	},
}

// trustedProxies are those of each listener.
func trustedProxies(cfg *config.Config) [][]netip.Prefix {
	trusted := make([][]netip.Prefix, len(cfg.Front.Listeners))
	for i := range trusted {
		trusted[i] = cfg.Front.Listeners[i].TrustedProxies
	}
	return trusted
}

// ReloadedKeys are the keys that a reload takes over. Every other is decided once, at the start.
func ReloadedKeys() (keys []string) {
	for i := range settings {
		keys = append(keys, settings[i].keys...)
	}
	return keys
}

// Reloads reports whether a reload takes over the key of that path.
func Reloads(path string) bool { return slices.Contains(ReloadedKeys(), path) }
