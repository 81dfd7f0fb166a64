package daemon

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ops"
)

// frontCheck is the name of checkServing on /readyz.
const frontCheck = "front"

// watchServing tells whether terminals are accepted. Its check is registered before the rest, in
// newDaemon: the admin listener answers while the front is starting.
func (d *Daemon) watchServing() watcher {
	return watcher{
		collectors: []ops.Collector{
			ops.NewGauge("logins_in_flight", "Logins that are being worked on.", func() float64 { return float64(d.front.LoginsInFlight()) }),
		},
	}
}

// watchSessions counts who is logged in. A relay agent counts its terminals instead.
func (d *Daemon) watchSessions() watcher {
	return watcher{collectors: []ops.Collector{
		ops.NewGauge("sessions", "Sessions that are logged in: customers, and operators of relays.", func() float64 {
			return float64(d.path.Gateway.Online())
		}),
	}}
}

// checkServing has no patience: that the front starts or stops is decided, and does not flap.
func (d *Daemon) checkServing() (ready bool, why string) {
	switch {
	case !d.serving.Load():
		return false, "the front is starting"
	case d.front.Draining():
		return false, "the front is stopping"
	}
	return true, fmt.Sprintf("%d connections, %d users online", d.front.Connections(), d.path.Gateway.Online())
}
