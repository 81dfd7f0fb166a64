package inquiry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/archive"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

func newArchiveList(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the archived days, where their records are, and how long they are kept", Args: command.NoArgs,
		Long: "List the ledger of archives. STATE: detached, the database has the day's table beside record; dropped, the file alone has the\n" +
			"records; restored, they are in the store again; destroyed. KEEP UNTIL is the day from which on `archive destroy` may destroy the\n" +
			"file (retention.records_years); AUDIT LOGS UNTIL is that of rotated audit logs with lines of the day (retention.audit_years).",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, _, pg, err := openArchives(c.Context(), e, path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, pg.Close()) }()
			all, err := pg.Archives(c.Context(), 0)
			if err != nil {
				return err
			}
			list := make([]shownArchive, 0, len(all))
			for i := range all {
				one := showArchive(&all[i])
				one.RecordsUntil = archive.Due(all[i].Day, cfg.Retention.RecordsYears).Format(time.DateOnly)
				one.AuditUntil = archive.Due(all[i].Day, cfg.Retention.AuditYears).Format(time.DateOnly)
				list = append(list, one)
			}
			return form.Print(e.Out, list, func(w io.Writer) {
				command.Table(w, "DAY\tRECORDS\tBYTES\tSTATE\tKEEP UNTIL\tAUDIT LOGS UNTIL\tFILE\tSHA256", func(w io.Writer) {
					for i := range list {
						a := &list[i]
						fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", a.Day, a.Records, a.Bytes,
							command.WordFor(w, "archive", string(a.State)), a.RecordsUntil, a.AuditUntil, show.Cell(a.File), a.SHA256)
					}
				})
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

// shownFile is what `archive verify -o json` prints.
type shownFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	archive.Manifest
}

func newArchiveVerify(e *command.Env) *cobra.Command {
	var form command.Output
	c := &cobra.Command{
		Use: "verify FILE...", Short: "Read archives whole, and compare each member and record with the manifest", Args: cobra.MinimumNArgs(1),
		Long: "Read archives whole: each member has the SHA-256 of the manifest, and the records are those of the day that were archived. It needs\n" +
			"neither configuration nor database. Compare the SHA-256 that it prints with that of `archive list`.",
		RunE: e.Action(func(_ *cobra.Command, args []string) error {
			list := make([]shownFile, 0, len(args))
			for _, path := range args {
				end := e.Waiting(command.Doing("verifying %s", path))
				one, err := verifyArchive(path)
				end()
				if err != nil {
					return err
				}
				list = append(list, *one)
			}
			return form.Print(e.Out, list, func(w io.Writer) {
				for i := range list {
					list[i].print(w)
				}
			})
		}),
	}
	command.OutputFlag(c, &form)
	return c
}

func verifyArchive(path string) (_ *shownFile, err error) {
	f, err := archive.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum, err := f.Verify()
	if err != nil {
		return nil, err
	}
	return &shownFile{path, fmt.Sprintf("%x", sum), f.Manifest}, nil
}

func (f *shownFile) print(w io.Writer) {
	command.Tell(w, "%s is whole: trading day %s of %s, %d records, made by %s with %s, sha256 %s\n",
		f.Path, f.Day, f.ReportUnitID, f.Records, f.By, f.Version, f.SHA256)
	for _, m := range f.Members {
		command.Tell(w, "  %s: %d lines, %d bytes\n", m.Name, m.Lines, m.Bytes)
	}
	for _, what := range f.Missing {
		command.Tell(w, "  without %s\n", command.SentenceFor(w, what))
	}
	if f.Despite != "" {
		command.Tell(w, "  archived although: %s\n  reason: %s\n", command.SentenceFor(w, f.Despite), f.Why)
	}
}

// newArchiveChange is a command that changes the ledger's line of one file.
func newArchiveChange(e *command.Env, use string, during command.Work, short, long string,
	do func(ctx context.Context, cfg *config.Config, pg *postgres.Store, path string) (*store.Archive, error), done string,
) *cobra.Command {
	var (
		path, why string
		form      command.Output
	)
	c := &cobra.Command{
		Use: use + " FILE", Short: short, Long: long, Args: cobra.ExactArgs(1),
		RunE: e.Action(func(c *cobra.Command, args []string) (err error) {
			cfg, _, pg, err := openArchives(c.Context(), e, path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, pg.Close()) }()
			if err := pg.CheckOwner(c.Context()); err != nil {
				return err
			}
			day, err := dayOfArchive(args[0])
			if err != nil {
				return err
			}
			return e.UndertakeIn(c, cfg, pg.Tables(), command.Task{Subject: day, Why: why}, func(a *store.Action) error {
				end := e.Waiting(during.To(args[0]))
				before, err := do(c.Context(), cfg, pg, args[0])
				end()
				if err != nil {
					return err
				}
				a.Note(before.File, string(before.State), done)
				changed := changedArchive{before.File, before.Day.String(), done, before.Records}
				return form.Print(e.Out, changed, func(w io.Writer) {
					command.Tell(w, "%s of %s: %s, %d records\n", before.File, before.Day, command.WordFor(w, "archive", done), before.Records)
				})
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.WhyFlag(c, &why)
	command.OutputFlag(c, &form)
	return c
}

// changedArchive is what `archive drop`, `destroy` and `restore` print as JSON.
type changedArchive struct {
	File    string `json:"file"`
	Day     string `json:"day"`
	State   string `json:"state"`
	Records int64  `json:"records"`
}

// dayOfArchive is the trading day that a file is of by its own manifest, which names the action.
func dayOfArchive(path string) (day string, err error) {
	f, err := archive.Open(path)
	if err != nil {
		return "", err
	}
	return f.Manifest.Day, f.Close()
}

func newArchiveRestore(e *command.Env) *cobra.Command {
	return newArchiveChange(e, "restore", command.Doing("restoring %s"), "Bring an archived day back into the database",
		"Bring the records of an archive back into PostgreSQL, in one transaction, after the file was verified. In the database that archived the day\n"+
			"reports and late records are as before. Another database, as an empty one for an inquiry, gets the day's ledger too. It refuses where\n"+
			"records of the day are.",
		func(ctx context.Context, _ *config.Config, pg *postgres.Store, path string) (*store.Archive, error) {
			return archive.Restore(ctx, pg, path, time.Now())
		}, string(store.ArchiveRestored))
}

func newArchiveDrop(e *command.Env) *cobra.Command {
	return newArchiveChange(e, "drop", command.Doing("dropping %s"), "Remove the detached table of an archived day, after its file was verified",
		"Remove the table that `archive --before` detached, which frees its room in the database. The file is read whole first, and must be the ledger's;\n"+
			"from then on it alone has the records: have a copy of it in a second place.",
		func(ctx context.Context, _ *config.Config, pg *postgres.Store, path string) (*store.Archive, error) {
			return archive.Drop(ctx, pg, path, time.Now())
		}, string(store.ArchiveDropped))
}

func newArchiveDestroy(e *command.Env) *cobra.Command {
	yes := false
	c := newArchiveChange(e, "destroy", command.Doing("destroying %s"), "Destroy an archived day after its time",
		"Remove the file of an archived day, and its detached table if that is there. It refuses before retention.records_years are over.\n"+
			"Copies elsewhere are not reached: destroy them too.",
		func(ctx context.Context, cfg *config.Config, pg *postgres.Store, path string) (*store.Archive, error) {
			return archive.Destroy(ctx, pg, path, cfg.Retention.RecordsYears, time.Now())
		}, string(store.ArchiveDestroyed))
	c.Flags().BoolVar(&yes, "yes", false, "remove it for good")
	c.PreRunE = func(_ *cobra.Command, args []string) error {
		if !yes {
			return fmt.Errorf("%s would be removed for good: say so with --yes", args[0])
		}
		return nil
	}
	command.Must(c.MarkFlagRequired("why"))
	return c
}
