package daemon

import (
	"context"
	"time"
)

// healthPeriod is how often the checks are looked at when no balancer and no scrape asks: whether
// one has failed all the time, or flaps, can only be told by looking.
const healthPeriod = time.Second

// watchHealth looks at the checks of all the others.
func (d *Daemon) watchHealth() watcher {
	return watcher{period: healthPeriod, look: func(context.Context) { d.health.Recent() }}
}
