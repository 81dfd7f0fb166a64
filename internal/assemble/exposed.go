package assemble

import (
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// Exposed says what of a good configuration lets others on the network listen in, and which
// variables of the environment are not of it. A firm may have reasons, so these are no faults.
func Exposed(cfg *config.Config, environ []string) (warnings []string) {
	if ignored := config.Ignored(environ); ignored != "" {
		warnings = append(warnings, ignored)
	}
	warnings = append(warnings, inOutgoingRange(cfg)...)
	if admin := cfg.Admin.Address; admin.Given() && !admin.Loopback() {
		warnings = append(warnings, "admin.address: "+admin.String()+
			" can be reached from other machines and asks for no password; put it on 127.0.0.1 or behind something that does")
	}
	if cfg.Core.Driver == DriverLink && cfg.Core.Link.InsecureLoopback {
		warnings = append(warnings, "core.link.insecure_loopback: passwords go to the trading core in clear over this machine's loopback; "+
			"use a Unix socket, or TLS")
	}
	if cfg.Store.Driver != DriverPostgres {
		return warnings
	}
	if url, err := cfg.Store.PostgresURL(); err == nil && postgres.CheckURL(url) == nil && !postgres.Verified(url) {
		warnings = append(warnings, "store.url: whoever is on the way can read what goes to the database, or be the database; "+
			"write sslmode=verify-full and sslrootcert=FILE")
	}
	return warnings
}
