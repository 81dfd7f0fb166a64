package daemon

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/supplement"
)

// watchKeys tells whether an encryption key is valid, and when one ends.
func (d *Daemon) watchKeys() watcher {
	return watcher{
		period: keyAlarmPeriod, look: d.warnOfKeys,
		checks: []check{
			{"keys", ops.Required, func() (bool, string) {
				key := d.path.Gateway.Policy().Keys.Newest(d.now())
				if key == nil {
					return false, "no encryption key is valid now; add one under keys"
				}
				return true, "newest valid key is version " + key.Version
			}},
			{"key_life", ops.Warning, func() (bool, string) { return keyLife(d.path.Gateway.Policy().Keys, d.now()) }},
		},
		collectors: []ops.Collector{
			ops.NewGaugeBy("key_days", "Days that an encryption key is still valid, by version; only keys with a not_after.", "version", d.keyDays),
		},
	}
}

// keyDays has no entry for a key without an end.
func (d *Daemon) keyDays() map[string]float64 {
	left := make(map[string]float64)
	for _, k := range d.path.Gateway.Policy().Keys.Keys() {
		if !k.NotAfter.IsZero() {
			left[k.Version] = show.Days(k.NotAfter.Sub(d.now()))
		}
	}
	return left
}

// keyAlarmPeriod is how often a running front looks at the life of its keys. What ends is
// logged 60, 30 and 7 days ahead, so an hour more or less does not matter.
const keyAlarmPeriod = time.Hour

// keyAlarm remembers which warnings about keys the log has, so that each is logged once when
// a front starts or reloads, and once more at each of the days of supplement.KeyWarning.
type keyAlarm struct {
	mu     sync.Mutex
	logged map[string]int // by the warning's subject: its days
}

// unlogged are the warnings that the log does not have yet; it has them from now on.
func (a *keyAlarm) unlogged(warnings []supplement.KeyWarning) []supplement.KeyWarning {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.logged == nil {
		a.logged = make(map[string]int)
	}
	var unlogged []supplement.KeyWarning
	for _, w := range warnings {
		if days, logged := a.logged[w.Subject]; logged && days == w.Days {
			continue
		}
		a.logged[w.Subject] = w.Days
		unlogged = append(unlogged, w)
	}
	return unlogged
}

// forget makes all of them unlogged again.
func (a *keyAlarm) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.logged)
}

// warnOfKeys logs what has come nearer since the last line about it.
func (d *Daemon) warnOfKeys(context.Context) {
	for _, w := range d.keyAlarm.unlogged(d.path.Gateway.Policy().Keys.Warnings(d.now())) {
		d.logger.Warn("keys: "+w.Text, zap.String("version", w.Subject), zap.Int("within_days", w.Days))
	}
}

// keyLife is the check of the readiness page. What has happened already, that no key is
// valid, is the check of the keys.
func keyLife(ring *supplement.KeyRing, now time.Time) (bool, string) {
	warnings := ring.Warnings(now)
	if len(warnings) == 0 {
		return true, "none ends within 60 days"
	}
	texts := make([]string, len(warnings))
	for i, w := range warnings {
		texts[i] = w.Text
	}
	return false, strings.Join(texts, "; ")
}
