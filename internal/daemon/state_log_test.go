package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestStateLog: a state is logged when it changes, and once a minute while it lasts, however often it is
// looked at and however its error reads; one that flaps has two lines a minute.
func TestStateLog(t *testing.T) {
	sent := int64(0) // ten a second while it is up
	lines := &stateLines{
		level: zapcore.ErrorLevel, began: "down", ended: "up", more: func() []zap.Field { return []zap.Field{zap.Int("waiting", 7)} },
		sent: func() int64 { return sent },
	}
	for _, c := range []struct {
		name string
		at   func(second int) bool // is it down?
		want string
	}{
		{"never", func(int) bool { return false }, ""},
		{"two minutes", func(s int) bool { return s >= 10 && s < 130 }, "10 down, 70 down 1m0s, 130 up 2m0s"},
		{"short", func(s int) bool { return s == 5 }, "5 down, 6 up 1s"},
		{"twice in a minute, the second lasts", func(s int) bool { return s == 5 || s >= 30 && s < 80 }, "5 down, 6 up 1s, 65 down 35s, 80 up 50s"},
		{"flaps", func(s int) bool { return s%2 == 0 }, "0 down, 1 up 1s, 60 down 29 times, 61 up 1s, 120 down 29 times, 121 up 1s"},
	} {
		core, logged := observer.New(zap.DebugLevel)
		var it stateLog
		var got []string
		begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for s := range 150 {
			var err error
			if c.at(s) {
				err = fmt.Errorf("attempt %d: %w", s, errors.ErrUnsupported)
			} else {
				sent += 10
			}
			it.logOnChange(zap.New(core), begin.Add(time.Duration(s)*time.Second), err, lines)
			for _, l := range logged.TakeAll() {
				fields := l.ContextMap()
				line := fmt.Sprint(s, " ", l.Message)
				for _, key := range []string{"lasts", "lasted"} {
					if d, ok := fields[key]; ok {
						line += fmt.Sprint(" ", d)
					}
				}
				if n, ok := fields["times_since_last_line"]; ok {
					line += fmt.Sprint(" ", n, " times")
				}
				if fields["waiting"] != int64(7) || (fields["error"] != nil) != (err != nil) {
					t.Errorf("%s: fields %v", c.name, fields)
				}
				if n, ok := fields["records_sent"]; ok != (err == nil) || ok && n != int64(10) {
					t.Errorf("%s: %s: %v records were sent since the trouble began, want the ten of this second", c.name, line, n)
				}
				got = append(got, line)
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestEndWaitsForTheBacklog: the line of the end waits until what had waited is done, a minute at most; a trouble that comes back before is
// the same one.
func TestEndWaitsForTheBacklog(t *testing.T) {
	const backlog = 5000
	for _, c := range []struct {
		name  string
		down  func(second int) bool
		speed int64 // of what is done, a second
		want  string
	}{
		{"five seconds", func(s int) bool { return s >= 10 && s < 20 }, 1000, "10 down, 24 up 10s, 5000 sent"},
		{"at once", func(s int) bool { return s >= 10 && s < 20 }, backlog, "10 down, 20 up 10s, 5000 sent"},
		{"no end", func(s int) bool { return s >= 10 && s < 20 }, 1, "10 down, 80 up 10s, 61 sent"},
		{"comes back", func(s int) bool { return s >= 10 && s < 20 || s >= 22 && s < 30 }, 1000, "10 down, 32 up 20s, 5000 sent"},
	} {
		core, logged := observer.New(zap.DebugLevel)
		var it stateLog
		var done int64
		lines := &stateLines{
			level: zapcore.ErrorLevel, began: "down", ended: "up", sent: func() int64 { return done },
			last: func() int64 { return backlog }, done: func() int64 { return done },
		}
		var got []string
		begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for s := range 150 {
			var err error
			if c.down(s) {
				err = errors.ErrUnsupported
			} else if s > 10 {
				done = min(done+c.speed, backlog)
			}
			it.logOnChange(zap.New(core), begin.Add(time.Duration(s)*time.Second), err, lines)
			for _, l := range logged.TakeAll() {
				line := fmt.Sprint(s, " ", l.Message)
				if fields := l.ContextMap(); err == nil {
					line += fmt.Sprintf(" %v, %v sent", fields["lasted"], fields["records_sent"])
				}
				got = append(got, line)
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
