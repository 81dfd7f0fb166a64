package inquiry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/archive"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/schema"
)

// archiveFlags are of `archive --before`.
type archiveFlags struct {
	path, before, out, reports, why       string
	audit                                 []string
	withoutAudit, withoutReports, despite bool
	form                                  command.Output
}

// NewArchive is `archive`: old trading days become files.
func NewArchive(e *command.Env) *cobra.Command {
	var f archiveFlags
	c := &cobra.Command{
		Use: "archive", Short: "Old trading days in files: made, verified, brought back, destroyed after their time", Args: command.OnlyCommands,
		Long: "archive --before DAY takes each trading day before DAY out of PostgreSQL, into a file UNITarchiveYYYYMMDD.zip with its records,\n" +
			"reports, ledger, operators' actions and audit logs. A day leaves the database in the transaction that notes the file in the ledger,\n" +
			"after the file was read back from disk; its table stays, detached, until `archive drop`. After an interruption run it again.\n\n" +
			"A day is refused with the reason if its report is not done or was not handed in, if no audit log that --audit names has a line\n" +
			"of it, or if it ended less than 30 days ago. The days after it go on; the exit status is then 1. docs/archive.md describes the\n" +
			"file, which needs no tradefront to be read.",
		Example: "  tradefront archive --before 20260101 --out /archive --reports reports --audit /var/log/tradefront/audit.jsonl.1.gz -c tradefront.yaml\n" +
			"  tradefront archive list -c tradefront.yaml",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return f.run(c, e) }),
	}
	command.ConfigFlag(c, &f.path)
	command.OutputFlag(c, &f.form)
	c.Flags().StringVar(&f.before, "before", "", "the days before this one, YYYYMMDD")
	c.Flags().StringVar(&f.out, "out", ".", "folder for the files")
	c.Flags().StringVar(&f.reports, "reports", "", "folder with the days' report files")
	c.Flags().BoolVar(&f.withoutReports, "without-reports", false, "archive without report files")
	c.Flags().StringArrayVar(&f.audit, "audit", nil, "audit log of a front, once for each, rotated and gzipped ones too; all that have lines of the days")
	c.Flags().BoolVar(&f.withoutAudit, "without-audit", false, "archive without audit logs: keep them beside it")
	c.Flags().BoolVar(&f.despite, "despite-obstacles", false, "also days whose report is not done, or of which no audit log has a line; needs --why")
	command.WhyFlag(c, &f.why)
	command.Must(c.MarkFlagRequired("before"))
	c.MarkFlagsOneRequired("reports", "without-reports")
	c.MarkFlagsMutuallyExclusive("reports", "without-reports")
	c.MarkFlagsOneRequired("audit", "without-audit")
	c.MarkFlagsMutuallyExclusive("audit", "without-audit")
	c.MarkFlagsRequiredTogether("despite-obstacles", "why")
	c.AddCommand(newArchiveList(e), newArchiveVerify(e), newArchiveRestore(e), newArchiveDrop(e), newArchiveDestroy(e))
	return c
}

// archivePatience bounds one transaction of a command about archives: a day of a million records is copied in one.
const archivePatience = 2 * time.Hour

// openArchives opens the store that days leave and come back to.
func openArchives(ctx context.Context, e *command.Env, path string) (*config.Config, *calendar.Calendar, *postgres.Store, error) {
	cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
	if err != nil {
		return nil, nil, nil, err
	}
	if cfg.Store.Driver != assemble.DriverPostgres {
		return nil, nil, nil, fmt.Errorf("store.driver is %s: days are archived from PostgreSQL; the embedded store keeps all days in one file, "+
			"of which tradefront local backup makes a copy to keep", cfg.Store.Driver)
	}
	pg, err := assemble.OpenPostgresWith(ctx, cfg, postgres.Options{BatchPatience: archivePatience})
	return cfg, cal, pg, err
}

// shownArchive is an archive as JSON.
type shownArchive struct {
	Day     string             `json:"trading_day"`
	File    string             `json:"file"`
	Records int64              `json:"records"`
	Bytes   int64              `json:"bytes"`
	SHA256  string             `json:"sha256"`
	At      time.Time          `json:"archived"`
	By      string             `json:"by"`
	State   store.ArchiveState `json:"state"`
	Missing []string           `json:"missing,omitempty"`
	// From when on it may be destroyed, and when the audit logs that were archived with it need not be kept beside it any more.
	RecordsUntil string `json:"records_until,omitempty"`
	AuditUntil   string `json:"audit_until,omitempty"`
}

func showArchive(a *store.Archive) shownArchive {
	return shownArchive{
		Day: a.Day.String(), File: a.File, Records: a.Records, Bytes: a.Bytes, SHA256: fmt.Sprintf("%x", a.SHA256), At: a.At, By: a.By, State: a.State,
	}
}

// refusedDay is a day that stays.
type refusedDay struct {
	Day string `json:"trading_day"`
	Why string `json:"why"`
}

// shownArchiving is what `archive --before -o json` prints.
type shownArchiving struct {
	Archived []shownArchive `json:"archived"`
	Refused  []refusedDay   `json:"refused"`
}

func (f *archiveFlags) run(c *cobra.Command, e *command.Env) (err error) {
	before, err := calendar.ParseTradingDay(f.before)
	if err != nil {
		return fmt.Errorf("--before: %w", err)
	}
	if f.despite && strings.TrimSpace(f.why) == "" {
		return errors.New("--why: a reason is kept with each day that is archived despite its obstacles")
	}
	ctx := c.Context()
	cfg, cal, pg, err := openArchives(ctx, e, f.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	s, err := f.sealer(ctx, e, cfg, pg)
	if err != nil {
		return err
	}
	archive.SweepLeftovers(f.out, cfg.ReportUnitID)
	days, err := pg.Days(ctx)
	if err != nil {
		return err
	}
	var due []calendar.TradingDay
	for _, d := range days {
		if d.Day < before {
			due = append(due, d.Day)
		}
	}
	if s.Audit, err = f.index(e, due); err != nil {
		return err
	}
	a := archiving{
		cfg: cfg, pg: pg, sealer: s, survey: assemble.SurveyOf(cfg, pg, cal), why: f.why,
		shown: shownArchiving{Archived: []shownArchive{}, Refused: []refusedDay{}},
	}
	for _, day := range due {
		if err := a.day(c, e, day); err != nil {
			return fmt.Errorf("archive of %s: %w", day, err)
		}
	}
	if err := f.form.Print(e.Out, a.shown, func(w io.Writer) { a.shown.print(w, f.before) }); err != nil {
		return err
	}
	if len(a.shown.Refused) > 0 {
		return fmt.Errorf("%d of %d days were not archived, for the reasons above", len(a.shown.Refused), len(due))
	}
	return nil
}

func (f *archiveFlags) sealer(ctx context.Context, e *command.Env, cfg *config.Config, pg *postgres.Store) (*archive.Sealer, error) {
	if err := pg.CheckOwner(ctx); err != nil {
		return nil, err
	}
	info, err := os.Stat(f.out)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, fmt.Errorf("--out: %w: make the folder, or name another", err)
	}
	by, err := e.Operator()
	if err != nil {
		return nil, err
	}
	latest, err := schema.Latest("postgres")
	if err != nil {
		return nil, err
	}
	return &archive.Sealer{
		Store: pg, Reports: f.reports, Out: f.out, BrokerID: cfg.BrokerID, ReportUnitID: cfg.ReportUnitID, Version: e.Version,
		By: by, Schema: latest, Why: f.reason(), Now: time.Now,
		Actions: func(ctx context.Context, since time.Time, visit func(*store.Action) error) error {
			return actions.Each(ctx, pg.Tables(), since, visit)
		},
	}, nil
}

func (f *archiveFlags) reason() string {
	if f.despite {
		return f.why
	}
	return ""
}

func (f *archiveFlags) index(e *command.Env, due []calendar.TradingDay) (*archive.AuditLogs, error) {
	if f.withoutAudit || len(due) == 0 {
		return nil, nil
	}
	reading := e.Progress(command.Doing("reading audit logs"), int64(len(f.audit)), "files")
	defer reading.End()
	n := int64(0)
	return archive.IndexAudit(f.audit, func(string) { reading.Set(n); n++ })
}

// archiving is one run of `archive --before`, day after day.
type archiving struct {
	cfg    *config.Config
	pg     *postgres.Store
	sealer *archive.Sealer
	survey settlement.Survey
	why    string
	shown  shownArchiving
}

// day archives one day, or notes why it is not.
//
// If we crash after Seal, the day is archived, and its file and the ledger say by whom; `actions list` lacks the row.
func (a *archiving) day(c *cobra.Command, e *command.Env, day calendar.TradingDay) error {
	ctx := c.Context()
	status, err := a.survey.Status(ctx, time.Now(), day)
	if err != nil {
		return err
	}
	if refusal := a.sealer.Refusal(&status); refusal != nil {
		a.shown.Refused = append(a.shown.Refused, refusedDay{day.String(), refusal.Error()})
		return nil //nolint:nilerr // it is in the result
	}
	bar := e.Progress(command.Doing("archiving %s", day), status.Records, "records")
	a.sealer.Progress = bar.Set
	sealed, err := a.sealer.Seal(ctx, &status)
	bar.End()
	if err != nil {
		return err
	}
	if sealed.Unsynced {
		e.Warn("%s", reportfile.UnsyncedWarning(a.sealer.Out))
	}
	act, err := e.Act(c, a.cfg, day.String(), a.why)
	if err != nil {
		return err
	}
	act.Note("archive", "", fmt.Sprintf("%s, %d records, sha256 %x", sealed.File, sealed.Records, sealed.SHA256))
	if sealed.Despite != "" {
		act.Note("despite", "", sealed.Despite)
	}
	one := showArchive(&sealed.Archive)
	one.Missing = sealed.Missing
	a.shown.Archived = append(a.shown.Archived, one)
	return actions.Write(ctx, a.pg.Tables(), act)
}

func (s *shownArchiving) print(w io.Writer, before string) {
	if len(s.Archived)+len(s.Refused) == 0 {
		command.Tell(w, "no day before %s is in the store\n", before)
	}
	for i := range s.Archived {
		a := &s.Archived[i]
		command.Tell(w, "%s archived: %s, %d records, %d bytes, sha256 %s\n", a.Day, a.File, a.Records, a.Bytes, a.SHA256)
		if len(a.Missing) > 0 {
			command.Tell(w, "  without %s: keep them beside it\n", command.Joined(w, a.Missing))
		}
	}
	for _, r := range s.Refused {
		command.Tell(w, "%s stays in the store: %s\n", r.Day, command.SentenceFor(w, r.Why))
	}
	if len(s.Archived) > 0 {
		command.Tell(w, "next: copy the files to a second place; archive drop FILE then frees the room in the database\n")
	}
}
