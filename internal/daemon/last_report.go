package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
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
	// elsewhere reports whether records of the day may be where the store has not got them from yet, or had them and lost them.
	elsewhere(ctx context.Context, day calendar.TradingDay) (bool, error)
}

func (d *Daemon) reportLedger() reportLedger {
	if d.postgres != nil {
		return sharedLedger{d.postgres}
	}
	return ownLedger{d.path.Journal, d.cfg.Store.Path}
}

// sharedLedger is that of a firm whose fronts bring records to PostgreSQL.
type sharedLedger struct{ *postgres.Store }

func (l sharedLedger) elsewhere(ctx context.Context, day calendar.TradingDay) (bool, error) {
	fronts, err := l.Fronts(ctx)
	return frontsHad(fronts, day), err
}

// frontsHad reports whether a front holds records of the day, brought some, or has a damaged store or an unreadable row, of whose days nothing is known.
func frontsHad(fronts []store.Front, day calendar.TradingDay) bool {
	return slices.ContainsFunc(fronts, func(f store.Front) bool {
		held := f.Held[day]
		return held.Pending+held.Quarantined > 0 || f.ForwardedOf[day] > 0 || f.CorruptStores > 0 || f.Unreadable
	})
}

// ownLedger is that of a front that keeps its records itself.
type ownLedger struct {
	*journal.Journal
	path string
}

func (l ownLedger) elsewhere(context.Context, calendar.TradingDay) (bool, error) {
	corrupt, err := localfile.ListCorrupt(l.path)
	return len(corrupt) > 0, err
}

func (d *Daemon) askLastReport(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportsPatience)
	defer cancel()
	state, err := reportState(ctx, d.reportLedger(), d.path.Gateway.Policy().Calendar, d.now())
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
	if err != nil {
		return "", err
	}
	elsewhere, err := ledger.elsewhere(ctx, day)
	switch {
	case err != nil:
		return "", err
	case state.Records > 0 || elsewhere: // as in a database made anew after the one with the day's records was lost
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
