package daemon

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/supplement"
)

// keyAlarmPeriod is how often a running front looks at the life of its keys. What ends is
// told 60, 30 and 7 days ahead, so an hour more or less does not matter.
const keyAlarmPeriod = time.Hour

// keyAlarm remembers which warnings about keys the log has, so that each is said once when
// a front starts or reloads, and once more at each of the days of supplement.KeyWarning.
type keyAlarm struct {
	mu   sync.Mutex
	said map[string]int // by the warning's subject: its days
}

// fresh are the warnings that have not been said.
func (a *keyAlarm) fresh(warnings []supplement.KeyWarning) []supplement.KeyWarning {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said = make(map[string]int)
	}
	var fresh []supplement.KeyWarning
	for _, w := range warnings {
		if days, said := a.said[w.Subject]; said && days == w.Days {
			continue
		}
		a.said[w.Subject] = w.Days
		fresh = append(fresh, w)
	}
	return fresh
}

// forget makes all of them fresh again.
func (a *keyAlarm) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.said)
}

// warnOfKeys tells the log what has come nearer since it was last told.
func (d *Daemon) warnOfKeys(context.Context) {
	for _, w := range d.keyAlarm.fresh(d.gateway.Policy().Keys.Warnings(time.Now())) {
		d.logger.Warn("keys: "+w.Text, zap.String("version", w.Subject), zap.Int("within_days", w.Days))
	}
}

// warn tells the log everything that an operator should act on.
func (d *Daemon) warn() {
	d.warnOfKeys(context.Background())
	for _, w := range d.gateway.Policy().Calendar.Warnings(time.Now()) {
		d.logger.Warn("calendar_file: " + w)
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
