package daemon

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store/journal"
)

const (
	capacityPeriod   = time.Second     // how often the front measures how full the local store is
	capacityPatience = 5 * time.Second // how long one look may take
)

// watchCapacity tells how near the local store is to its bounds.
func (d *Daemon) watchCapacity() watcher {
	c := &d.capacity
	return watcher{
		period: capacityPeriod, look: d.measure,
		checks: []check{
			{"local_store_full", ops.Required, d.notFull},
			{"local_store_bounds", ops.Warning, c.check},
		},
		collectors: []ops.Collector{
			ops.NewGauge("local_store_bytes", "Bytes of the local store without what is free in it, and of a long log.", c.bytes),
			ops.NewGauge("local_store_log_bytes", "Bytes of the local store's log (`-wal`); long while a report is read.", c.logBytes),
			ops.NewGauge("local_store_rows", "Records in the local store.", c.rows),
			ops.NewGaugeBy("local_store_bound_ratio",
				"How near the local store is to a bound, by bound: bytes, rows, age, free; at 1 logins are answered 90.", "bound", c.ratios),
		},
	}
}

// capacity remembers how full the local store was when that was last known.
type capacity struct {
	mu   sync.Mutex
	last journal.Capacity
	err  error // of the last look
}

func (c *capacity) get() (journal.Capacity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, c.err
}

// set keeps a look, and reports whether refusing began or ended with it, or its error is the first.
func (c *capacity) set(now journal.Capacity, err error) (turned, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	failed = err != nil && c.err == nil
	c.err = err
	turned = (c.last.Full == nil) != (now.Full == nil)
	if now.Measures == nil && err != nil { // the store could not be looked into: what is known of it stays
		c.last.Full, c.last.Free = now.Full, now.Free
		return turned, failed
	}
	c.last = now
	return turned, failed
}

// measure looks how full the local store is. The store refuses at a bound by what this look found.
func (d *Daemon) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, capacityPatience)
	defer cancel()
	now, err := d.path.Journal.Measure(ctx, time.Now())
	turned, failed := d.capacity.set(now, err)
	if failed {
		d.logger.Error("the local store cannot be looked into, or its log not be folded; tried again each second", zap.Error(err))
	}
	switch {
	case turned && now.Full != nil:
		d.logger.Error("the local store has reached a bound: logins are answered 90 until it is left by a tenth",
			zap.Stringer("bound", now.Full))
	case turned:
		d.logger.Warn("the local store is behind its bounds again: logins are taken")
	}
}

// check is the line of /readyz that goes before a bound is reached; at it, the front is not ready.
func (c *capacity) check() (bool, string) {
	last, err := c.get()
	var near []string
	for _, m := range last.Measures {
		if m.Near() {
			near = append(near, m.String())
		}
	}
	if len(near) > 0 {
		return false, "near a bound, at which logins are answered 90: " + strings.Join(near, "; ")
	}
	if err != nil {
		return false, "the last look failed: " + err.Error()
	}
	return true, fmt.Sprintf("%s, log %s; %d records; %s free on its disk", show.Size(last.Bytes), show.Size(last.WAL), last.Rows, show.Size(last.Free))
}

// notFull is the required line: appends are taken. It asks what Append looks at.
func (d *Daemon) notFull() (bool, string) {
	if full := d.path.Journal.Full(); full != nil {
		return false, "logins are answered 90 until this is left by a tenth: " + full.String()
	}
	return true, "within its bounds"
}

// ratios are how near each bound is, by its name.
func (c *capacity) ratios() map[string]float64 {
	last, _ := c.get()
	ratios := make(map[string]float64)
	for _, m := range last.Measures {
		ratios[m.Bound] = m.Ratio
	}
	return ratios
}

func (c *capacity) bytes() float64 {
	last, _ := c.get()
	return float64(last.Bytes)
}

func (c *capacity) logBytes() float64 {
	last, _ := c.get()
	return float64(last.WAL)
}

func (c *capacity) rows() float64 {
	last, _ := c.get()
	return float64(last.Rows)
}
