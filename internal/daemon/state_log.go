package daemon

import (
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// statePeriod is the time between two lines of a trouble that lasts.
const statePeriod = time.Minute

// stateLog logs a state that is looked at again and again when it changes: one line at the beginning of
// a trouble, one a minute while it lasts, one at its end. A trouble that comes and goes has a beginning
// and an end a minute at most.
type stateLog struct {
	mu     sync.Mutex
	since  time.Time // of the trouble; zero without one
	over   time.Time // when the trouble that has a line ended, while the line of its end waits
	goal   int64     // what stateLines.done must reach for that line
	logged time.Time // the last line of a trouble
	told   bool      // this trouble has a line
	missed int       // troubles since that line that began and ended without one
	sent   int64     // what stateLines.sent said when this trouble began
}

// stateLines are what a stateLog logs.
type stateLines struct {
	level zapcore.Level
	began string // also while it lasts
	ended string
	more  func() []zap.Field // with each line; may be nil
	sent  func() int64       // a count that grows: the line of the end says by how much since the trouble began; may be nil
	// The line of the end waits until done has reached what last was when the trouble ended, statePeriod at most: what it says was sent
	// is then what had waited, and not the first of it. Without them it does not wait. A trouble that comes back meanwhile goes on.
	last, done func() int64
}

// logOnChange takes what a look found: err is the trouble, nil is none.
func (c *stateLog) logOnChange(log *zap.Logger, now time.Time, err error, lines *stateLines) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && c.since.IsZero():
	case err == nil && !c.told:
		c.missed++
		c.since = time.Time{}
	case err == nil:
		if c.settled(now, lines) {
			log.Warn(lines.ended, append(c.whatWasSent(lines), append(lines.fields(), zap.Duration("lasted", c.over.Sub(c.since).Round(time.Second)))...)...)
			c.since, c.over, c.told = time.Time{}, time.Time{}, false
		}
	default:
		c.over = time.Time{}
		if c.since.IsZero() {
			c.since = now
			if lines.sent != nil {
				c.sent = lines.sent()
			}
		}
		if now.Sub(c.logged) >= statePeriod {
			c.logged = now
			log.Log(lines.level, lines.began, append(c.lasting(now), append(lines.fields(), zap.Error(err))...)...)
			c.told, c.missed = true, 0
		}
	}
}

// settled reports whether the line of the end is due.
func (c *stateLog) settled(now time.Time, lines *stateLines) bool {
	if c.over.IsZero() {
		c.over = now
		if lines.last != nil {
			c.goal = lines.last()
		}
	}
	return lines.done == nil || lines.done() >= c.goal || now.Sub(c.over) >= statePeriod
}

// whatWasSent is a field of the line of the end.
func (c *stateLog) whatWasSent(lines *stateLines) []zap.Field {
	if lines.sent == nil {
		return nil
	}
	return []zap.Field{zap.Int64("records_sent", lines.sent()-c.sent)}
}

// lasting are the fields of a trouble that has had a line.
func (c *stateLog) lasting(now time.Time) (fields []zap.Field) {
	if d := now.Sub(c.since); d > 0 {
		fields = append(fields, zap.Duration("lasts", d.Round(time.Second)))
	}
	if c.missed > 0 {
		fields = append(fields, zap.Int("times_since_last_line", c.missed))
	}
	return fields
}

func (l *stateLines) fields() []zap.Field {
	if l.more == nil {
		return nil
	}
	return l.more()
}

// logPostgres logs a trouble that PostgreSQL gave. While it is out of reach watchForwarding has the one
// line of it, and the parts that need PostgreSQL have none.
func (d *Daemon) logPostgres(c *stateLog, err error, lines *stateLines) {
	if err != nil && d.path.Forwarder != nil && !d.path.Forwarder.Healthy() {
		return
	}
	c.logOnChange(d.logger, time.Now(), err, lines)
}
