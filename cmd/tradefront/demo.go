package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// demoRun is one run of `tradefront demo`.
type demoRun struct {
	env      *env
	postgres string
	listen   string
	admin    string
	logins   int
	crowd    int
	exit     bool

	site   *demo.Site
	daemon *daemon.Daemon
	began  time.Time // when the front was up, whole seconds
}

const demoShown = 3 // lines opened before the reader's eyes

func newDemo(e *env) *cobra.Command {
	d := &demoRun{env: e}
	c := &cobra.Command{
		Use: "demo", Short: "Show everything at once, with synthetic terminals; needs nothing", Args: noArgs,
		Long: "Make a firm in a temporary folder (test key pair, AppIDs, accounts), start the front on loopback,\n" +
			"let synthetic terminals of all kinds log in, good ones and bad ones, export the day's report, open\n" +
			"it with the test private key, and compare each line with what its terminal really was. Then stay\n" +
			"up to be tried by hand, until Ctrl-C.",
		RunE: e.action(func(c *cobra.Command, _ []string) error { return d.run(c.Context()) }),
	}
	f := c.Flags()
	f.StringVar(&d.postgres, "postgres", "", "URL of a PostgreSQL database to use instead of the embedded store")
	f.StringVar(&d.listen, "listen", "127.0.0.1:0", "address of the front, on loopback")
	f.StringVar(&d.admin, "admin", "127.0.0.1:0", "address of the admin listener")
	f.IntVar(&d.logins, "logins", 4000, "how many visits of terminals")
	f.IntVar(&d.crowd, "crowd", 64, "how many terminals at once")
	f.BoolVar(&d.exit, "exit", false, "end when done instead of staying up")
	return c
}

func (d *demoRun) run(ctx context.Context) (err error) {
	if d.logins < 1 || d.crowd < 1 {
		return errors.New("--logins and --crowd must be at least 1")
	}
	dir, err := os.MkdirTemp("", "tradefront-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if d.site, err = demo.NewSite(dir, d.postgres, d.listen, d.admin); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.daemon.Stop()) }()

	d.heading("The front is up")
	d.say("%s", d.daemon.Banner())
	d.say("everything lies in %s, and goes when this ends", dir)
	tally, err := d.play(ctx)
	if err != nil {
		return err
	}
	verdict, err := d.settle(ctx, tally)
	if err != nil {
		return err
	}
	d.summary(tally, verdict)
	if tally.Surprises > 0 || !verdict.Good() {
		return errors.New("the demo found something that must not be; see above")
	}
	if !d.exit {
		d.invite()
		return d.daemon.Wait(ctx)
	}
	return nil
}

// open makes the stores ready, as an operator would, and starts the front.
func (d *demoRun) open(ctx context.Context) error {
	if d.postgres != "" {
		pg, err := assemble.DialPostgres(ctx, d.site.Config)
		if err != nil {
			return err
		}
		_, err = pg.Migrate(ctx)
		if err := errors.Join(err, pg.Close()); err != nil {
			return err
		}
	}
	if err := d.site.Enrol(ctx); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(d.site.Dir, "tradefront.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if d.daemon, err = daemon.Start(ctx, d.site.Config, daemon.Options{Build: thisBuild(), Log: log}); err != nil {
		return errors.Join(err, log.Close())
	}
	d.began = time.Now().Truncate(time.Second)
	firm := &d.site.Firm
	firm.Address, firm.BrokerID, firm.KeyVersion = d.daemon.Addrs()[0].String(), d.site.Config.BrokerID, demo.KeyVersion
	return nil
}

func (d *demoRun) play(ctx context.Context) (*demo.Tally, error) {
	d.heading("%d visits of terminals, %d at once", d.logins, d.crowd)
	bar := d.env.progress("visits", int64(d.logins), "visits")
	tally, err := demo.Play(ctx, &d.site.Firm, d.logins, d.crowd, bar.set)
	bar.end()
	return tally, err
}

// settle does what a settlement clerk does after the close, for each day that the visits
// fell on: two if 15:30 came in between.
func (d *demoRun) settle(ctx context.Context, tally *demo.Tally) (*demo.Verdict, error) {
	r, err := d.settled(ctx)
	if err != nil {
		return nil, err
	}
	d.heading("The report for the monitoring centre")
	var reports []io.Reader
	for _, day := range tradingDays(tally) {
		result, err := d.export(ctx, r, day)
		if err != nil {
			return nil, err
		}
		d.say("%s: %d lines, %s", result.Path, result.Rows, show.Size(result.Bytes))
		f, err := os.Open(result.Path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		reports = append(reports, f)
	}
	return demo.Check(reports, d.site.Private, tally.Answers, demoShown)
}

// export writes the report as `report export --partial` does: the window of the day has not closed yet.
func (d *demoRun) export(ctx context.Context, r assemble.Records, day calendar.TradingDay) (settlement.Done, error) {
	cal, err := calendar.Load(d.site.Config.CalendarFile.Path)
	if err != nil {
		return settlement.Done{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return settlement.Done{}, err
	}
	x := settlement.Exporter{
		Store: thisRun{r, d.began}, StoreKind: d.site.Config.Store.Driver, Calendar: cal, UnitID: d.site.Config.ReportUnitID,
		OutDir: d.site.Dir, Version: version, Host: host, By: operator(host),
	}
	return x.Export(ctx, day, store.PartialExport)
}

// settled is the store that the report reads, once it has everything.
func (d *demoRun) settled(ctx context.Context) (assemble.Records, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return d.daemon.Settled(ctx)
}

func tradingDays(tally *demo.Tally) []calendar.TradingDay {
	var days []calendar.TradingDay
	for _, a := range tally.Answers {
		if day, err := calendar.ParseTradingDay(a.TradingDay); err == nil && !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return days
}
