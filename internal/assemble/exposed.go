package assemble

import (
	"slices"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// Exposed says what of a good configuration lets others on the network listen in or take its ports, and which
// variables of the environment are not of it. A firm may have reasons, so these are no faults.
func Exposed(cfg *config.Config, environ []string) (warnings []string) {
	if ignored := config.Ignored(environ); ignored != "" {
		warnings = append(warnings, ignored)
	}
	for _, w := range slices.Concat(InOutgoingRange(cfg), Overheard(cfg), deafAdmin(&cfg.Admin)) {
		warnings = append(warnings, w.String())
	}
	return warnings
}

// Overheard says what of a good configuration lets others on the network listen in, or takes them for the database.
func Overheard(cfg *config.Config) (warnings config.Faults) {
	warnings = exposedAdmin(&cfg.Admin)
	if cfg.Core.Driver == DriverLink && cfg.Core.Link.InsecureLoopback {
		warnings = append(warnings, config.Fault{
			Key: "core.link.insecure_loopback", Problem: "passwords go to the trading core in clear over this machine's loopback",
			Fix: "use a Unix socket, or TLS",
		})
	}
	if cfg.Store.Driver != DriverPostgres {
		return warnings
	}
	if url, err := cfg.Store.PostgresURL(); err == nil && postgres.CheckURL(url) == nil && !postgres.Verified(url) {
		warnings = append(warnings, config.Fault{
			Key: "store.url", Problem: "an attacker on the network path can read what goes to the database, or pose as the database",
			Fix: "write sslmode=verify-full and sslrootcert=FILE",
		})
	}
	return warnings
}

// AgentRemarks says what of a good configuration of a relay agent its operator should know.
func AgentRemarks(cfg *config.Agent, assets *AgentAssets) (remarks []string) {
	for _, w := range append(exposedAdmin(&cfg.Admin), deafAdmin(&cfg.Admin)...) {
		remarks = append(remarks, w.String())
	}
	for _, a := range cfg.Upstream.Addresses {
		if !cfg.Upstream.TLS.Enabled && !a.Loopback() {
			remarks = append(remarks, "upstream.tls.enabled is false: passwords go to "+a.String()+
				" in clear; use TLS, a tunnel, or a network of the firm's own")
			break
		}
	}
	if cfg.Operator() && cfg.Upstream.TerminalInfoFile.Path != "" {
		remarks = append(remarks, "upstream.terminal_info_file is sent again at each reconnect: a front records it with flag 3, or refuses the operator for good; "+
			"name the monitoring centre's public key in upstream.key_file in its place")
	}
	if cfg.Chained && !assets.Registry.Chained {
		remarks = append(remarks, "chained is true, and the registry file was exported for a relay that carries no others: at the firm "+
			"tradefront relay change "+cfg.Upstream.AppID+" --chained, then export again")
	}
	if cfg.Operator() && cfg.Core.Driver == DriverLocal {
		remarks = append(remarks, "business messages are answered 77: on the one connection of mode operator nothing tells the front whose message it is; "+
			"a trading core behind this agent takes them with core.driver: link, the front's with mode investor")
	}
	return remarks
}
