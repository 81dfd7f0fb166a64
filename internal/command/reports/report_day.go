package reports

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/daily"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/settlement/verifykeys"
	"github.com/tradefront/tradefront/internal/store"
)

// dayFlags are which day, and where its files are.
type dayFlags struct {
	path, day, out, tempDir string
	audit, vendors          []string
	keys                    command.PrivateKeys
	form                    command.Output
}

func newReportDay(e *command.Env) *cobra.Command {
	var f dayFlags
	c := &cobra.Command{
		Use: "day [FILE]...", Args: cobra.ArbitraryArgs,
		Short: "Export, verify and reconcile a day in one, and say whether to hand the file in",
		Long: "The clerk's afternoon in one command: write the report of the trading day, check it as `report verify` does,\n" +
			"compare what was answered, stored and reported as `reconcile` does, and say 可以报送 (hand in) or 切勿报送 (do\n" +
			"not hand in) with each reason and what to do next. Without --day it is the last trading day whose window has\n" +
			"closed. It may be run again at any time; a file that was handed in is not touched, and what came late\n" +
			"since goes into a supplement.\n\n" +
			"The audit logs are those named with --audit, of all fronts; without any, the audit_log of the configuration and\n" +
			"the rotated files beside it. Exit status 0 if the day's files may be handed in, or were and nothing came\n" +
			"since; 1 if not.",
		Example: "  tradefront report day -c tradefront.yaml --out reports\n" +
			"  tradefront report day -c tradefront.yaml --out reports --day 20260105 --audit front1/audit.jsonl* front2/audit.jsonl*",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			f.audit = append(f.audit, args...) // --audit logs/* leaves all but the first as arguments
			result, err := f.run(c, e)
			if err != nil {
				return err
			}
			if err := f.form.Print(e.Out, result, result.WriteText); err != nil {
				return err
			}
			if !result.Good() {
				return errors.New(e.Say(result.Chinese+"\n"+result.English, result.Chinese))
			}
			return nil
		}),
	}
	command.ConfigFlag(c, &f.path)
	command.OutputFlag(c, &f.form)
	flags := c.Flags()
	flags.StringVar(&f.day, "day", "", "trading day, YYYYMMDD (default: the last one whose window has closed)")
	flags.StringVar(&f.out, "out", ".", "folder of the reports")
	flags.StringArrayVar(&f.audit, "audit", nil, "audit log; more may follow as arguments")
	flags.StringArrayVar(&f.vendors, "vendor", nil,
		"vendor ID that a line may have; again for each, of a day within which vendor_id was changed (default: the configuration's)")
	flags.Var(&f.keys, "private-key", "test key of a key version, VERSION=PEMFILE; may be given several times")
	flags.StringVar(&f.tempDir, "tmp", "", "folder for temporary files (default: the system's)")
	return c
}

// run makes the steps with the configuration's store.
func (f *dayFlags) run(c *cobra.Command, e *command.Env) (result *daily.Result, err error) {
	ctx := c.Context()
	cfg, cal, err := command.LoadCalendarOf(f.path, e.Environ)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	day := settlement.LastClosed(cal, now)
	if f.day != "" {
		if day, err = command.ParseDay(cal, "--day", f.day); err != nil {
			return nil, err
		}
	}
	if len(f.audit) == 0 {
		if f.audit, err = command.AuditLogsOf(cfg); err != nil {
			return nil, err
		}
	}
	versions, err := verifykeys.Versions(cfg, f.keys)
	if err != nil {
		return nil, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	x, err := newExporter(e, cfg, cal, r, now)
	if err != nil {
		return nil, err
	}
	x.OutDir = f.out
	err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: day.String()}, func(a *store.Action) (err error) {
		if result, err = daily.Run(ctx, f.steps(e, cfg, cal, r, x, day, versions)); err == nil {
			a.Note("verdict", "", result.Chinese)
		}
		return err
	})
	return result, err
}

// steps are those of the afternoon.
func (f *dayFlags) steps(
	e *command.Env, cfg *config.Config, cal *calendar.Calendar, r assemble.Records, x *settlement.Exporter, day calendar.TradingDay, versions []verify.Version,
) daily.Options {
	vendors := f.vendors
	if len(vendors) == 0 {
		vendors = []string{cfg.VendorID}
	}
	return daily.Options{
		Day: day, OutDir: f.out,
		Status: func(ctx context.Context) (settlement.DayStatus, error) {
			survey := assemble.SurveyOf(cfg, r, cal)
			return survey.Status(ctx, time.Now(), day)
		},
		Export: func(ctx context.Context, kind store.ExportKind) (settlement.Done, error) {
			bar := e.Progress(command.Doing("exporting %s", day), 0, "rows")
			defer bar.End()
			x.Progress = bar.Set
			return x.Export(ctx, day, kind)
		},
		Exports: func(ctx context.Context) ([]store.Export, error) { return r.Exports(ctx, day) },
		Verify: func(ctx context.Context, path string) (*verify.Report, error) {
			return f.verify(ctx, e, path, verify.Options{
				Path: path, VendorIDs: vendors, UnitID: cfg.ReportUnitID, Complete: true, Calendar: cal, Versions: versions,
				TempDir: f.tempDir, Now: x.Now(),
			})
		},
		Reconcile: func(ctx context.Context, reports []string) (*reconcile.Result, error) {
			return f.reconcile(ctx, e, cfg, cal, day, reports)
		},
	}
}

func (f *dayFlags) verify(ctx context.Context, e *command.Env, path string, o verify.Options) (*verify.Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	bar := e.Progress(command.Doing("verifying"), info.Size(), "bytes")
	defer bar.End()
	o.Progress = bar.Set
	return verify.Verify(ctx, o)
}

func (f *dayFlags) reconcile(
	ctx context.Context, e *command.Env, cfg *config.Config, cal *calendar.Calendar, day calendar.TradingDay, reports []string,
) (*reconcile.Result, error) {
	return reconcileDay(ctx, e, cfg, cal, reconcile.Options{
		Day: day, UnitID: cfg.ReportUnitID, Audit: f.audit, Reports: reports, TempDir: f.tempDir,
	})
}
