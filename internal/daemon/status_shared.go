package daemon

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/statuspage"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/tally"
)

// relaysPart is each relay with what came through it on the trading day.
func (d *Daemon) relaysPart(today map[string]tally.Counts) []statuspage.Relay {
	part := []statuspage.Relay{}
	for _, r := range d.path.Relays.All() {
		_, admitted, known := d.path.Registry.Kind([]byte(r.AppID))
		part = append(part, statuspage.Relay{
			AppID: string(r.AppID), Admitted: known && admitted, Guessing: r.Guessing(), Connections: r.Connected(), Today: today[string(r.AppID)],
		})
	}
	return part
}

// askShared asks the store that reports read: for all fronts, and for the reports of the last closed days.
func (d *Daemon) askShared(ctx context.Context) (part statuspage.Shared, err error) {
	if d.postgres != nil {
		fronts, err := d.postgres.Fronts(ctx)
		if err != nil {
			return part, err
		}
		part.Fronts = d.frontLines(fronts)
	}
	ledger, cal := d.reportLedger(), d.path.Gateway.Policy().Calendar
	for _, day := range settlement.RecentDays(cal, d.now(), statuspage.ShownDays+1)[1:] {
		report, err := reportOf(ctx, ledger, cal, day)
		if err != nil {
			return part, err
		}
		part.Reports = append(part.Reports, report)
	}
	return part, nil
}

func (d *Daemon) frontLines(fronts []store.Front) (lines []statuspage.FrontLine) {
	for i := range fronts {
		f := &fronts[i]
		if !f.Retired.IsZero() {
			continue
		}
		lines = append(lines, statuspage.FrontLine{
			ID: f.FrontID, State: heartbeat.State(f), Host: f.Host, Version: f.Version, Config: show.Hash(f.Config),
			Started: f.Started, Seen: f.Seen, Holds: f.Records(),
			ClockOffset: f.ClockOffset, This: f.FrontID == d.cfg.Front.ID,
		})
	}
	return lines
}

// reportOf is the state of the report of one closed day.
func reportOf(ctx context.Context, ledger reportLedger, cal *calendar.Calendar, day calendar.TradingDay) (statuspage.Report, error) {
	r := statuspage.Report{Day: day.String()}
	exports, err := ledger.Exports(ctx, day)
	if err != nil {
		return r, err
	}
	chain := settlement.Chain(exports)
	if len(chain) == 0 {
		r.State, err = unreportedState(ctx, ledger, cal, day)
		return r, err
	}
	last := &chain[len(chain)-1]
	r.State, r.File, r.At = reportWritten, last.File, last.At
	for i := range chain {
		r.Rows += chain[i].Rows
	}
	handed, err := ledger.HandedIn(ctx, day)
	if err != nil {
		return r, err
	}
	if h := settlement.LastNote(handed); len(settlement.ToHandIn(exports, h)) == 0 {
		r.State, r.HandedIn, r.Receipt = reportHanded, h.At, h.Receipt
	}
	return r, nil
}
