package daemon

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	reportsPeriod   = time.Minute      // how often the front asks the store about reports of closed days
	reportsPatience = 20 * time.Second // how long one answer may take
)

// watchLateRecords tells of records that no report holds although their day was reported.
func (d *Daemon) watchLateRecords() watcher {
	return watcher{
		period: reportsPeriod, look: d.countLate,
		checks: []check{{"reports", ops.Warning, d.lateRecords.check}},
		collectors: []ops.Collector{ops.NewGauge("report_late_records",
			"Records of exported days that no report holds, looked at once a minute.", d.lateRecords.value)},
	}
}

// lateRecords is what was last known of records that came after their day's report.
type lateRecords struct {
	state stateLog

	mu    sync.Mutex
	known bool // counted at least once
	days  []store.DayCount
	err   string // of the last count
}

// countLate asks the store. Every front does, so that each that runs raises the alarm.
func (d *Daemon) countLate(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportsPatience)
	defer cancel()
	count := d.path.Journal.Late
	if d.postgres != nil {
		count = d.postgres.Late
	}
	days, err := count(ctx)
	d.lateRecords.set(days, err)
	d.logPostgres(&d.lateRecords.state, err, &stateLines{
		level: zapcore.WarnLevel, began: "late records of exported days cannot be counted; the front keeps the last count",
		ended: "late records of exported days are counted again",
	})
}

// set keeps a count.
func (l *lateRecords) set(days []store.DayCount, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.err = err.Error()
		return
	}
	l.known, l.days, l.err = true, days, ""
}

// value is the gauge: not a number until there is one.
func (l *lateRecords) value() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return math.NaN()
	}
	var n int64
	for _, d := range l.days {
		n += d.Records
	}
	return float64(n)
}

func (l *lateRecords) check() (ready bool, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != "":
		return false, "late records cannot be counted: " + l.err
	case len(l.days) == 0:
		return true, "no record came after its day's report"
	}
	days := make([]string, len(l.days))
	for i, d := range l.days {
		days[i] = fmt.Sprintf("%d of %s", d.Records, d.Day)
	}
	return false, "records came after their day's report (" + strings.Join(days, ", ") + "): see tradefront report status"
}
