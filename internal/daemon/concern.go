package daemon

import (
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// concernPeriod is how often the log hears of a trouble that lasts.
const concernPeriod = time.Minute

// concern is a state that is looked at again and again, and logged when it changes: one line at the
// beginning, one a minute while it lasts, one at the end. One that comes and goes has a beginning and
// an end a minute at most.
type concern struct {
	mu     sync.Mutex
	since  time.Time // of the trouble; zero without one
	logged time.Time // the last line of a trouble
	told   bool      // of this trouble there is a line
	silent int       // troubles since that line that began and ended without one
}

// stateLines are what a concern logs.
type stateLines struct {
	level zapcore.Level
	began string // also while it lasts
	ended string
	more  func() []zap.Field // with each line; may be nil
}

// note takes what a look said: err is the trouble, nil is none.
func (c *concern) note(log *zap.Logger, now time.Time, err error, say *stateLines) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && c.since.IsZero():
	case err == nil:
		if c.told {
			log.Warn(say.ended, append(say.fields(), zap.Duration("lasted", now.Sub(c.since).Round(time.Second)))...)
		} else {
			c.silent++
		}
		c.since, c.told = time.Time{}, false
	default:
		if c.since.IsZero() {
			c.since = now
		}
		if now.Sub(c.logged) >= concernPeriod {
			c.logged = now
			log.Log(say.level, say.began, append(c.lasting(now), append(say.fields(), zap.Error(err))...)...)
			c.told, c.silent = true, 0
		}
	}
}

// lasting are the fields of a trouble that is no news any more.
func (c *concern) lasting(now time.Time) (fields []zap.Field) {
	if d := now.Sub(c.since); d > 0 {
		fields = append(fields, zap.Duration("lasts", d.Round(time.Second)))
	}
	if c.silent > 0 {
		fields = append(fields, zap.Int("times_since_last_line", c.silent))
	}
	return fields
}

func (l *stateLines) fields() []zap.Field {
	if l.more == nil {
		return nil
	}
	return l.more()
}

// concerns are those of a daemon.
type concerns struct {
	postgres, directory, apps, accounts, presence, twin, life, late, partitions concern
}

// ofPostgres notes a trouble that PostgreSQL gave. One that is out of reach has one line, not one of
// each part that needs it.
func (d *Daemon) ofPostgres(c *concern, err error, say *stateLines) {
	if err != nil && d.forwarder != nil && !d.forwarder.Healthy() {
		return
	}
	c.note(d.logger, time.Now(), err, say)
}
