package daemon

import "github.com/tradefront/tradefront/internal/ops"

// watchClientAddresses tells whether the addresses that are recorded look like the customers'. The
// numbers of it are counted by ops.Metrics itself.
func (d *Daemon) watchClientAddresses() watcher {
	return watcher{checks: []check{{"client_addresses", ops.Warning, d.metrics.ClientAddresses}}}
}
