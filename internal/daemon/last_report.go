package daemon

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

// The states of the report of the last closed trading day, as far as the ledger knows.
const (
	reportNotDue  = "not_due"      // the store is younger than the day and has no record of it
	reportMissing = "not_exported" // no report that holds the day
	reportWritten = "exported"     // written and, as far as is noted, not handed in
	reportHanded  = "handed_in"
)

func reportStates() []string {
	return []string{reportNotDue, reportMissing, reportWritten, reportHanded}
}

// watchLastReport tells the state of the last closed trading day's report. What keeps it back is of watchObstacles, what
// came after it of watchLateRecords.
func (d *Daemon) watchLastReport() watcher {
	return watcher{
		period: reportsPeriod, look: d.askLastReport,
		collectors: []ops.Collector{
			ops.NewGaugeBy("report_last_day",
				"State of the report of the last closed trading day, looked at once a minute: 1 for the state that it is in. States: not_due "+
					"(the store is younger), not_exported, exported, handed_in.", "state", d.lastReport.byState),
		},
	}
}

// lastReport is what was last known of it.
type lastReport struct {
	failing stateLog

	mu    sync.Mutex
	state string // "" before the first answer
}

// reportLedger is what the state is read from: either store.
type reportLedger interface {
	Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error)
	HandedIn(ctx context.Context, day calendar.TradingDay) ([]store.HandedIn, error)
	State(ctx context.Context, day calendar.TradingDay, position store.Position) (store.DayState, error)
	Since(ctx context.Context) (time.Time, error)
}

func (d *Daemon) askLastReport(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportsPatience)
	defer cancel()
	var ledger reportLedger = d.path.Journal
	if d.postgres != nil {
		ledger = d.postgres
	}
	state, err := reportState(ctx, ledger, d.path.Gateway.Policy().Calendar, d.now())
	if state != "" {
		d.lastReport.set(state)
	}
	d.logPostgres(&d.lastReport.failing, err, &stateLines{
		level: zapcore.WarnLevel, began: "the state of the last trading day's report is unknown; the front keeps the last answer",
		ended: "the state of the last trading day's report is known again",
	})
}

// reportState is that of the last day whose window has closed. A report that is written is known to be, also where the
// notes of what was handed in cannot be read.
func reportState(ctx context.Context, ledger reportLedger, cal *calendar.Calendar, now time.Time) (string, error) {
	day := settlement.LastClosed(cal, now)
	exports, err := ledger.Exports(ctx, day)
	if err != nil {
		return "", err
	}
	if len(settlement.Chain(exports)) == 0 {
		return unreportedState(ctx, ledger, cal, day)
	}
	handed, err := ledger.HandedIn(ctx, day)
	if len(settlement.ToHandIn(exports, settlement.LastNote(handed))) == 0 {
		return reportHanded, nil
	}
	return reportWritten, err
}

// unreportedState tells a day whose report is missing from one that was over before there was a store to report from. Only
// for such a day the records are counted.
func unreportedState(ctx context.Context, ledger reportLedger, cal *calendar.Calendar, day calendar.TradingDay) (string, error) {
	since, err := ledger.Since(ctx)
	if err != nil {
		return "", err
	}
	_, end, err := cal.Window(day)
	if err != nil {
		return "", err
	}
	if !settlement.OverBefore(end, since) {
		return reportMissing, nil
	}
	state, err := ledger.State(ctx, day, "")
	switch {
	case err != nil:
		return "", err
	case state.Records > 0:
		return reportMissing, nil
	}
	return reportNotDue, nil
}

func (r *lastReport) set(state string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
}

// byState is the gauge; it has no values until there is an answer.
func (r *lastReport) byState() map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == "" {
		return nil
	}
	values := make(map[string]float64)
	for _, s := range reportStates() {
		values[s] = 0
	}
	values[r.state] = 1
	return values
}
