package reports

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// exported is what `report export -o json` prints of a day.
type exported struct {
	Path     string           `json:"path,omitempty"`
	Manifest string           `json:"manifest,omitempty"`
	Day      string           `json:"trading_day"`
	Kind     store.ExportKind `json:"kind"`
	Rows     int64            `json:"rows"`
	Bytes    int64            `json:"bytes"`
	SHA256   string           `json:"sha256,omitempty"`
	Seconds  float64          `json:"seconds"`
	Nothing  bool             `json:"nothing_to_do,omitempty"`
	Repeated int64            `json:"already_reported,omitempty"`
	Replaced *replaced        `json:"replaced,omitempty"`
	Warnings []string         `json:"warnings,omitempty"`
}

// replaced is the file that had the report's name before.
type replaced struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
	Same   bool   `json:"same"`
	Kept   string `json:"kept,omitempty"` // where it is now
}

// exportFlags are which days to export, how, and where to.
type exportFlags struct {
	path                string
	day, from, to       string
	today               bool
	partial, supplement bool
	despiteFronts       bool
	force               bool
	reason              string
	out                 string
	form                command.Output
}

func newReportExport(e *command.Env) *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use: "export", Short: "Write the report file of a trading day", Args: command.NoArgs,
		Long: "Write <report_unit_id>clientinfo<YYYYMMDD>.txt into the folder --out: one line for each login\n" +
			"recorded from 15:30 of the trading day before up to 15:30 of the day (UTC+8). The file appears\n" +
			"whole or not at all, beside it <name>.manifest.json. The same records make the same file, and\n" +
			"the ledger remembers each export. A day whose window has not closed is refused, unless --partial:\n" +
			"then the file has what is there so far, its manifest says so, and the full export takes its place.\n" +
			"--supplement writes only what came after the report was made. While something keeps the report from\n" +
			"being complete, as a front that holds records of the day or has not reported since the window closed,\n" +
			"the export is refused and says what to do; `report waive` lets it go on.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return f.run(c, e) }),
	}
	command.ConfigFlag(c, &f.path)
	command.OutputFlag(c, &f.form)
	flags := c.Flags()
	flags.StringVar(&f.day, "day", "", "trading day, YYYYMMDD")
	flags.BoolVar(&f.today, "today", false, "the last trading day whose window has closed")
	flags.StringVar(&f.from, "from", "", "first of several days, YYYYMMDD; each trading day up to --to is exported")
	flags.StringVar(&f.to, "to", "", "last of several days, YYYYMMDD")
	flags.BoolVar(&f.partial, "partial", false, "what is there so far, of a day whose window has not closed; without a day: of the current one")
	flags.BoolVar(&f.supplement, "supplement", false, "only the records that came after the last export")
	flags.BoolVar(&f.despiteFronts, "despite-fronts", false,
		"waive the fronts that may hold records of the day, as report waive does, with this flag as the reason")
	flags.BoolVar(&f.force, "force", false, "waive that the report to be replaced has more records, or was handed in; it stays beside the new one")
	flags.StringVar(&f.reason, "reason", "", "why; with --force, and written into the manifest")
	flags.StringVar(&f.out, "out", ".", "folder to write into")
	c.MarkFlagsOneRequired("day", "today", "from", "partial")
	c.MarkFlagsMutuallyExclusive("day", "today", "from")
	c.MarkFlagsRequiredTogether("from", "to")
	c.MarkFlagsMutuallyExclusive("partial", "supplement")
	c.MarkFlagsRequiredTogether("force", "reason")
	return c
}

func (f *exportFlags) run(c *cobra.Command, e *command.Env) (err error) {
	ctx := c.Context()
	cfg, cal, err := command.LoadCalendarOf(f.path, e.Environ)
	if err != nil {
		return err
	}
	now := time.Now()
	days, err := f.days(cal, now)
	if err != nil {
		return err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	x, err := newExporter(e, cfg, cal, r, now)
	if err != nil {
		return err
	}
	x.DespiteFronts, x.Force, x.Reason, x.OutDir = f.despiteFronts, f.force, f.reason, f.out
	if f.today && f.form != "json" {
		command.Tell(e.Out, "the last trading day whose window has closed is %s\n", days[0])
	}
	all := make([]exported, 0, len(days))
	for _, day := range days {
		var done exported
		err := e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: day.String(), Why: f.reason}, func(a *store.Action) (err error) {
			done, err = f.export(ctx, e, x, day)
			if err == nil {
				noteExported(a, &done)
			}
			return err
		})
		if err != nil {
			return err
		}
		all = append(all, done)
		if f.form != "json" {
			done.print(e.Out)
		}
	}
	if f.form != "json" {
		return nil
	}
	if f.from == "" {
		return f.form.Print(e.Out, all[0], nil)
	}
	return f.form.Print(e.Out, all, nil)
}

// noteExported writes down what an export wrote.
func noteExported(a *store.Action, d *exported) {
	if d.Nothing {
		a.Note("report", "", "nothing came since the last one")
		return
	}
	a.Note("report", "", fmt.Sprintf("%s (%s), %d rows, sha256 %s", d.Path, d.Kind, d.Rows, d.SHA256))
	if d.Replaced != nil {
		a.Note("replaced", fmt.Sprintf("%d rows, sha256 %s", d.Replaced.Rows, d.Replaced.SHA256), "kept as "+d.Replaced.Kept)
	}
}

// newExporter writes reports of the configuration's store, in the name of who runs this command, into the working folder.
func newExporter(e *command.Env, cfg *config.Config, cal *calendar.Calendar, r assemble.Records, now time.Time) (*settlement.Exporter, error) {
	who, err := actions.Who(e.Environ)
	if err != nil {
		return nil, err
	}
	survey := assemble.SurveyOf(cfg, r, cal)
	return &settlement.Exporter{
		Fronts: survey.Fronts, Named: survey.Named, Declared: survey.Declared, By: who.By(),
		Store: r, StoreKind: cfg.Store.Driver, Calendar: cal, UnitID: cfg.ReportUnitID, OutDir: ".",
		Version: e.Version, Host: who.Host, Now: func() time.Time { return now },
	}, nil
}

func (f *exportFlags) kind() store.ExportKind {
	switch {
	case f.partial:
		return store.PartialExport
	case f.supplement:
		return store.SupplementExport
	}
	return store.FullExport
}

// days are the trading days that the flags mean.
func (f *exportFlags) days(cal *calendar.Calendar, now time.Time) ([]calendar.TradingDay, error) {
	if f.today {
		return []calendar.TradingDay{settlement.LastClosed(cal, now)}, nil
	}
	if f.day != "" {
		day, err := command.ParseDay(cal, "--day", f.day)
		return []calendar.TradingDay{day}, err
	}
	if f.from == "" { // --partial alone
		day, _ := cal.TradingDayOf(now)
		return []calendar.TradingDay{day}, nil
	}
	from, err := calendar.ParseTradingDay(f.from)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	to, err := calendar.ParseTradingDay(f.to)
	if err != nil {
		return nil, fmt.Errorf("--to: %w", err)
	}
	return settlement.DaysBetween(cal, from, to, now, f.partial)
}

// export writes one day's file and says what it did.
func (f *exportFlags) export(ctx context.Context, e *command.Env, x *settlement.Exporter, day calendar.TradingDay) (exported, error) {
	bar := e.Progress(command.Doing("exporting %s", day), 0, "rows")
	x.Progress = bar.Set
	began := time.Now()
	d, err := x.Export(ctx, day, f.kind())
	bar.End()
	if err != nil {
		return exported{}, err
	}
	done := exported{Day: day.String(), Kind: d.Kind, Nothing: d.Nothing, Repeated: d.Repeated, Seconds: time.Since(began).Seconds()}
	done.Warnings = d.Warnings(x.OutDir)
	if d.Nothing {
		return done, nil
	}
	done.Path, done.Manifest, done.Rows, done.Bytes = d.Path, d.Manifest, d.Rows, d.Bytes
	done.SHA256 = hex.EncodeToString(d.SHA256[:])
	if old := d.Replaced; old != nil {
		done.Replaced = &replaced{old.Rows, hex.EncodeToString(old.SHA256[:]), old.Same, old.Kept}
	}
	return done, nil
}

func (d *exported) print(w io.Writer) {
	if d.Nothing {
		if d.Repeated > 0 {
			command.Tell(w, "%s: no record came after the last export that the report lacks; nothing was written\n", d.Day)
		} else {
			command.Tell(w, "%s: no record came after the last export; nothing was written\n", d.Day)
		}
		d.printWarnings(w)
		return
	}
	rate := float64(d.Rows) / max(d.Seconds, 1e-3)
	command.Tell(w, "%s: %d rows, %s, sha256 %s (%.1f s, %.0f rows/s)\n", d.Path, d.Rows, show.Size(d.Bytes), d.SHA256, d.Seconds, rate)
	switch {
	case d.Replaced == nil:
	case d.Replaced.Same:
		command.Tell(w, "  the same as the file before\n")
	default:
		command.Tell(w, "  replaced the file of %d rows, sha256 %s: %+d rows\n", d.Replaced.Rows, d.Replaced.SHA256, d.Rows-d.Replaced.Rows)
	}
	if d.Replaced != nil && d.Replaced.Kept != "" {
		command.Tell(w, "  that file is kept as %s\n", d.Replaced.Kept)
	}
	d.printWarnings(w)
}

func (d *exported) printWarnings(w io.Writer) {
	for _, warning := range d.Warnings {
		command.Tell(w, "  warning: %s\n", command.SentenceFor(w, warning))
	}
}
