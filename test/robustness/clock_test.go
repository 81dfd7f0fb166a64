package robustness

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// clock is what the front's clock was set to, and when: it knows which times a login may be
// printed with.
type clock struct {
	t    *testing.T
	file string

	mu    sync.Mutex
	steps []step
}

// step is an offset that was in force from from to until, both generous: while it is being
// set, the one before and the one after both may be.
type step struct {
	offset      time.Duration
	from, until time.Time // until is zero for the last
}

func newClock(t *testing.T, dir string) *clock {
	t.Helper()
	c := &clock{t: t, file: filepath.Join(dir, "clock")}
	c.set(0)
	return c
}

// set steps the clock.
func (c *clock) set(offset time.Duration) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps = append(c.steps, step{offset: offset, from: time.Now()})
	next := c.file + ".next"
	if err := os.WriteFile(next, []byte(offset.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(next, c.file); err != nil { // the front reads the old or the new one
		c.t.Fatal(err)
	}
	if n := len(c.steps); n > 1 {
		c.steps[n-2].until = time.Now()
	}
}

// explains reports whether a login between sent and done can have been printed with that
// time, which is whole seconds.
func (c *clock) explains(printed, sent, done time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.steps {
		first, last := sent, done
		if s.from.After(first) {
			first = s.from
		}
		if !s.until.IsZero() && s.until.Before(last) {
			last = s.until
		}
		if first.After(last) {
			continue
		}
		first, last = first.Add(s.offset).Truncate(time.Second), last.Add(s.offset)
		if !printed.Before(first) && !printed.After(last) {
			return true
		}
	}
	return false
}

// until is the offset that makes it now so long before the next hh:mm of UTC+8.
func (c *clock) until(hour, minute int, before time.Duration) time.Duration {
	now := time.Now().In(time.FixedZone("UTC+8", 8*60*60))
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	if at.Before(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.Add(-before).Sub(now)
}
