package daemon

import (
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
)

// Catalog is what a front with PostgreSQL and either core shows, without a front: the handbook's and the alert rules'
// tests compare with it.
type Catalog struct {
	Checks     []ops.Reason    // names and severities, in the order of /readyz
	Collectors []ops.Collector // each with a series at zero
	Labels     ops.Labels
}

// NewCatalog has every check and every collector that a front can have.
func NewCatalog() Catalog {
	cfg := &config.Config{
		Store: config.Store{Driver: assemble.DriverPostgres}, Relay: config.Relay{Enabled: true}, Core: config.Core{SessionsPerUser: 1},
	}
	d := &Daemon{cfg: cfg, logOut: new(logs.LogWriter)}
	c := Catalog{Checks: []ops.Reason{{Name: frontCheck, Severity: ops.Required}}, Labels: labels()}
	for _, w := range append(d.watchers(), d.watchCoreLink()) { // the local core's and the link's
		for _, line := range w.checks {
			c.Checks = append(c.Checks, ops.Reason{Name: line.name, Severity: line.severity})
		}
		for _, number := range w.collectors {
			c.Collectors = append(c.Collectors, number.Sample())
		}
	}
	return c
}
