package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/show"
)

// reconciled is what `reconcile -o json` prints.
type reconciled struct {
	Day         string                  `json:"trading_day"`
	Complete    bool                    `json:"complete"`
	Verdict     string                  `json:"verdict"`
	Faults      int64                   `json:"faults"`
	Answered    int64                   `json:"answered"`
	Unanswered  int64                   `json:"unanswered"`
	Submitted   int64                   `json:"submitted"` // of both: what operator relays submitted
	Stored      int64                   `json:"stored"`
	Reports     []string                `json:"reports,omitempty"`
	Reported    *int64                  `json:"reported,omitempty"` // only with reports
	Audit       []reconcile.AuditFile   `json:"audit"`
	Differences []reconcile.Differences `json:"differences"`
	Warnings    []string                `json:"warnings,omitempty"`

	verdictChinese string
}

// NewReconcile is `reconcile`: what was answered, stored and reported is compared.
func NewReconcile(e *command.Env) *cobra.Command {
	var (
		o               reconcile.Options
		path, day, page string
		force           bool
		form            command.Output
	)
	c := &cobra.Command{
		Use: "reconcile --day D --audit FILE... [--report FILE]...", Args: cobra.ArbitraryArgs,
		Short: "Prove that every answered login is stored and in the report",
		Long: "Compare, for one trading day, the logins that the audit logs say were answered, the records in\n" +
			"the store, and the lines of the report, and name each difference by its RecordID. Name the audit\n" +
			"logs of all fronts that cover the day, which begins at 15:30 of the trading day before; rotated\n" +
			"and gzipped ones are understood, in any order. The report is this store's own, before it is\n" +
			"merged with other seats'; if supplements were made after it, name each with --report too: all\n" +
			"files together must hold the day. Status 1 if there is any fault.",
		Example: "  tradefront reconcile -c tradefront.yaml --day 20260105 --report 0001clientinfo20260105.txt \\\n" +
			"    --audit audit.jsonl audit.jsonl.1.gz",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
			if err != nil {
				return err
			}
			if o.Day, err = command.ParseDay(cal, "--day", day); err != nil {
				return err
			}
			if o.Limit < 1 {
				return errors.New("--limit: want 1 or more")
			}
			o.UnitID = cfg.ReportUnitID
			o.Audit = append(o.Audit, args...) // --audit logs/* leaves all but the first as arguments
			file, err := verify.CreatePage(page, "", force)
			if err != nil {
				return err
			}
			defer file.Discard()
			result, err := reconcileDay(c.Context(), e, cfg, cal, o)
			if err != nil {
				return err
			}
			if err := file.Write(result); err != nil {
				return err
			}
			done := reconciledOf(result)
			if err := form.Print(e.Out, done, done.print); err != nil {
				return err
			}
			if !done.Complete {
				return fmt.Errorf("reconcile of %s: %d faults", done.Day, done.Faults)
			}
			return nil
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	c.Flags().StringArrayVar(&o.Audit, "audit", nil, "audit log; more may follow as arguments")
	command.Must(c.MarkFlagRequired("day"))
	command.Must(c.MarkFlagRequired("audit"))
	c.Flags().StringArrayVar(&o.Reports, "report", nil, "report of the day; given again for each of its supplements")
	c.Flags().StringVar(&page, "html", "", "write the result as one page into this file as well")
	c.Flags().BoolVar(&force, "force", false, "let --html replace a file that is no such page")
	c.Flags().StringVar(&o.TempDir, "tmp", "", "folder for temporary files (default: the system's)")
	c.Flags().IntVar(&o.Limit, "limit", reconcile.DefaultLimit, "how many differences of each kind to name; all are counted")
	return c
}

// reconcileDay compares, with progress.
func reconcileDay(ctx context.Context, e *command.Env, cfg *config.Config, cal *calendar.Calendar, o reconcile.Options) (*reconcile.Result, error) {
	audit := command.Phase{Env: e, What: command.Doing("reading audit logs"), Unit: "bytes"}
	rows := command.Phase{Env: e, What: command.Doing("reading the store"), Unit: "rows"}
	report := command.Phase{Env: e, What: command.Doing("reading the report"), Unit: "bytes"}
	o.ReadingAudit, o.ReadingStore, o.ReadingReport = audit.Set, rows.Set, report.Set
	defer func() { audit.End(); rows.End(); report.End() }()
	return assemble.Reconcile(ctx, cfg, cal, o)
}

func reconciledOf(r *reconcile.Result) reconciled {
	done := reconciled{
		Day: r.Day.String(), Verdict: r.Verdict(), Faults: r.Faults(), Answered: r.Answered, Unanswered: r.Unanswered,
		Submitted: r.Submitted, Stored: r.Stored, Reports: r.Reports, Audit: r.Audit, Differences: r.Differences(), Warnings: r.Warnings,
		verdictChinese: r.VerdictChinese(),
	}
	done.Complete = done.Faults == 0
	if len(r.Reports) > 0 {
		done.Reported = &r.Reported
	}
	return done
}

// print is for the clerk: the counts, the verdict, and then what to do about what.
func (d reconciled) print(w io.Writer) {
	command.Tell(w, "Trading day %s\n", d.Day)
	command.Table(w, "set\tlogins\tfrom", func(w io.Writer) {
		logs := command.InLanguageOf(w, command.AuditLogCount(len(d.Audit)), fmt.Sprintf("%d 份审计日志", len(d.Audit)))
		command.Tell(w, "answered\t%d\t%s, and %d whose terminal was gone\n", d.Answered, logs, d.Unanswered)
		if d.Submitted > 0 {
			command.Tell(w, "of these\t%d\tsubmitted by operator relays\n", d.Submitted)
		}
		command.Tell(w, "stored\t%d\tthe store\n", d.Stored)
		if d.Reported != nil {
			command.Tell(w, "reported\t%d\t%s\n", *d.Reported, strings.Join(d.Reports, ", "))
		}
	})
	for _, a := range d.Audit {
		if !a.First.IsZero() {
			command.Tell(w, "%s: entries from %s to %s\n", a.Path, show.Time(a.First), show.Time(a.Last))
		}
	}
	fmt.Fprintln(w, command.InLanguageOf(w, d.Verdict, d.verdictChinese))
	for _, text := range d.Warnings {
		command.Tell(w, "warning: %s\n", command.SentenceFor(w, text))
	}
	for _, k := range d.Differences {
		printDifferences(w, k)
	}
}

func printDifferences(w io.Writer, k reconcile.Differences) {
	facts := reconcile.FactsOf(k.Kind)
	grade := command.InLanguageOf(w, "note", "提示")
	if k.Fault {
		grade = command.InLanguageOf(w, "FAULT", "错误")
	}
	what, todo := command.InLanguageOf(w, k.What, facts.WhatChinese), command.InLanguageOf(w, k.Do, facts.DoChinese)
	command.Tell(w, "\n%s: %s (%d)\n  %s\n", grade, what, k.Total, todo)
	for _, d := range k.First {
		fmt.Fprintf(w, "    %s\n", command.InLanguageOf(w, d.String(), d.Chinese()))
	}
	if more := k.Total - int64(len(k.First)); more > 0 {
		command.Tell(w, "    and %d more; --limit names more\n", more)
	}
}
