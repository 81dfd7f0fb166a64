package tour

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// Tour is one run of the demo.
type Tour struct {
	Postgres string // URL of a database to use instead of the embedded store; "" for none
	Listen   string // address of the front
	Admin    string // address of the admin listener
	Logins   int    // how many visits of terminals
	Crowd    int    // how many terminals at once
	Exit     bool   // end when done instead of staying up

	Build ops.Build
	Out   io.Writer
	// Language of what is printed; English if it is "".
	Language show.Language
	Environ  []string // of this process: who exports, for the manifest
	// Progress begins to show long work; set takes how much of total is done.
	Progress func(what string, total int64) (set func(int64), end func())

	site   *site.Site
	found  *collect.Result // this machine
	core   *simCore
	daemon *daemon.Daemon
	began  time.Time // when the front was up, whole seconds
}

// linesShown is how many lines of each way to the front are opened before the reader's eyes.
const linesShown = 1

// Run returns an error if something was found that must not be. Its folder goes with it.
func (t *Tour) Run(ctx context.Context) (err error) {
	if t.Logins < 1 || t.Crowd < 1 {
		return errors.New("--logins and --crowd must be at least 1")
	}
	dir, err := os.MkdirTemp("", "tradefront-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if t.site, err = site.NewLinked(dir, t.Postgres, t.Listen, t.Admin); err != nil {
		return err
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.daemon.Stop(), t.core.stop()) }()

	t.heading("The front is up, and behind it core-sim, which is no trading core")
	banner := t.daemon.Banner()
	if t.Language == show.Chinese {
		banner = chinese.Of(banner)
	}
	t.say("%s", banner)
	if url := t.statusPage(); url != "" {
		t.say("status page, for a browser: %s", url)
	}
	t.say("everything lies in %s, and goes when this ends", dir)
	if err := t.show(ctx); err != nil {
		return err
	}
	if !t.Exit {
		t.invite()
		return t.daemon.Wait(ctx)
	}
	return nil
}

// show plays and compares. An error says that something was found that must not be.
func (t *Tour) show(ctx context.Context) error {
	if err := t.awaitCore(ctx); err != nil {
		return err
	}
	traders, err := t.trade(ctx)
	if err != nil {
		return err
	}
	machine, err := t.thisMachine(ctx)
	if err != nil {
		return err
	}
	tally, err := t.play(ctx)
	if err != nil {
		return err
	}
	tally.Add(append(traders, machine))
	verdict, err := t.settle(ctx, tally.Answers)
	if err != nil {
		return err
	}
	t.awaitVisits(ctx, tally.Answers)
	verdict.Faults = append(verdict.Faults, t.compareCore(tally.Answers, sceneOrders+int(tally.Orders.TotalCount()))...)
	t.machine(verdict)
	t.summary(tally, verdict)
	if tally.Surprises > 0 || !verdict.Good() {
		return errors.New("the demo found something that must not be; see above")
	}
	return nil
}

// open makes the stores ready, as an operator would, and starts the core and the front.
func (t *Tour) open(ctx context.Context) (err error) {
	if t.Postgres != "" {
		pg, err := assemble.DialPostgres(ctx, t.site.Config)
		if err != nil {
			return err
		}
		_, err = pg.Migrate(ctx)
		if err := errors.Join(err, pg.Close()); err != nil {
			return err
		}
	}
	if err := t.site.Enrol(ctx); err != nil {
		return err
	}
	if t.core, err = startCore(t.site); err != nil {
		return err
	}
	if err := t.startFront(ctx); err != nil {
		return errors.Join(err, t.core.stop())
	}
	firm := &t.site.Firm
	firm.Address, firm.BrokerID, firm.KeyVersion = t.daemon.Addrs()[0].String(), t.site.Config.BrokerID, site.KeyVersion
	firm.Instrument, firm.Relays.Address = site.Instrument, t.daemon.Addrs()[1].String()
	if err := t.site.WriteAddresses(t.Postgres, firm.Address, strings.TrimPrefix(t.daemon.AdminURL(), "http://"), firm.Relays.Address); err != nil {
		return errors.Join(err, t.daemon.Stop(), t.core.stop())
	}
	return nil
}

func (t *Tour) startFront(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(t.site.Dir, "tradefront.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if t.daemon, err = daemon.Start(ctx, t.site.Config, daemon.Options{Build: t.Build, Log: log}); err != nil {
		return errors.Join(err, log.Close())
	}
	t.began = time.Now().Truncate(time.Second)
	return nil
}

func (t *Tour) play(ctx context.Context) (*demo.Tally, error) {
	t.heading("%d visits of terminals, %d at once: by themselves, and through two relays (中继)", t.Logins, t.Crowd)
	progress, end := t.Progress(t.in("visits"), int64(t.Logins))
	defer end()
	return demo.Play(ctx, &t.site.Firm, t.Logins, t.Crowd, progress)
}

// settle does what a settlement clerk does after the close, for each day that the visits
// fell on: two if 15:30 came in between.
func (t *Tour) settle(ctx context.Context, answers []*demo.Was) (*demo.Verdict, error) {
	r, err := t.settled(ctx)
	if err != nil {
		return nil, err
	}
	t.heading("The report for the monitoring centre")
	var reports []io.Reader
	for _, day := range tradingDays(answers) {
		result, err := t.export(ctx, r, day)
		if err != nil {
			return nil, err
		}
		t.say("%s: %d lines, %s", result.Path, result.Rows, show.Size(result.Bytes))
		f, err := os.Open(result.Path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		reports = append(reports, f)
	}
	return demo.Check(reports, t.site.Private, answers, linesShown)
}

// export writes the report as `report export --partial` does: the window of the day has not closed yet.
func (t *Tour) export(ctx context.Context, r assemble.Records, day calendar.TradingDay) (settlement.Done, error) {
	cal, err := calendar.Load(t.site.Config.CalendarFile.Path)
	if err != nil {
		return settlement.Done{}, err
	}
	who, err := actions.Who(t.Environ)
	if err != nil {
		return settlement.Done{}, err
	}
	x := settlement.Exporter{
		Store: thisRun{r, t.began}, StoreKind: t.site.Config.Store.Driver, Calendar: cal, UnitID: t.site.Config.ReportUnitID,
		OutDir: t.site.Dir, Version: t.Build.Version, Host: who.Host, By: who.By(),
	}
	return x.Export(ctx, day, store.PartialExport)
}

// settled is the store that the report reads, once it has everything.
func (t *Tour) settled(ctx context.Context) (assemble.Records, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return t.daemon.Settled(ctx)
}

func tradingDays(answers []*demo.Was) []calendar.TradingDay {
	var days []calendar.TradingDay
	for _, a := range answers {
		if day, err := calendar.ParseTradingDay(a.TradingDay); err == nil && !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return days
}
