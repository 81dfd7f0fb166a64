package inquiry

import (
	"bufio"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/auditsearch"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/explain"
	"github.com/tradefront/tradefront/internal/show"
)

// NewAudit is `audit`: the audit logs of all fronts are searched.
func NewAudit(e *command.Env) *cobra.Command {
	return command.Group("audit", "The audit logs of fronts and relay agents", newAuditSearch(e))
}

func newAuditSearch(e *command.Env) *cobra.Command {
	var (
		filter auditFilter
		path   string
		zips   []string
		form   command.Output
	)
	c := &cobra.Command{
		Use:   "search [FILE]...",
		Short: "Find lines of audit logs by reference, account, AppID, address, record, reason and time",
		Long: "Show the lines of audit logs that fit all filters, in the order of time. The logs are the files named; without\n" +
			"any, the audit_log of the configuration and the rotated files beside it. Rotated and gzipped files of several\n" +
			"fronts and relay agents are understood, in any order.\n\n" +
			"Times are 2026-01-31 (for --until, its end), \"2026-01-31 09:00\", 09:00 for today (all UTC+8), RFC 3339, or 2h\n" +
			"for two hours ago. --archive searches the lines of an archived day.\n" +
			"With -o json each line is one of the log, unchanged, with its place as \"where\" before it.\n\n" +
			"Damaged lines are counted and told on standard error, as files that cannot be read are. Status 1 if no file\n" +
			"could be read; that nothing was found is no failure. `tradefront explain REF` says what one login was about.",
		Example: "  tradefront audit search -c tradefront.yaml --account 88888888 --since 2h\n" +
			"  tradefront audit search --address 203.0.113.0/24 --reason wrong_password --since 2026-01-05 front*/audit.jsonl*\n" +
			"  tradefront audit search -c tradefront.yaml --event malformed --app-id client_demo_1.0 -o json",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			return searchAudit(e, c, path, args, zips, &filter, form)
		}),
	}
	command.OptionalConfigFlag(c, &path, "configuration file; may be left out where files are named", 0)
	command.OutputFlag(c, &form)
	archiveFlag(c, &zips)
	filter.flags(c)
	return c
}

// auditFilter is a filter as the command line has it.
type auditFilter struct {
	ref, record, address, since, until string
	auditsearch.Filter
}

func (f *auditFilter) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.ref, "ref", "", "reference that a refusal's text ends in, as 4CV33T")
	c.Flags().StringVar(&f.Account, "account", "", "account, or relay operator")
	c.Flags().StringVar(&f.AppID, "app-id", "", "AppID of the terminal, or of the relay")
	c.Flags().StringVar(&f.address, "address", "", "address of the terminal, relay or load balancer, or a network of them (203.0.113.0/24)")
	c.Flags().StringVar(&f.record, "record", "", "RecordID, or SubmitID of a relay")
	c.Flags().StringSliceVar(&f.Reasons, "reason", nil, "reason, as wrong_password; one of several, with commas")
	c.Flags().StringSliceVar(&f.Events, "event", nil, "event, as login; one of several, with commas")
	c.Flags().StringVar(&f.since, "since", "", "not before this time")
	c.Flags().StringVar(&f.until, "until", "", "before this time")
}

// parse is the filter of the flags.
func (f *auditFilter) parse(now time.Time) (_ *auditsearch.Filter, err error) {
	if f.ref != "" {
		if f.Ref, err = explain.ParseKey(f.ref); err != nil {
			return nil, fmt.Errorf("--ref: %w", err)
		}
		if !explain.IsReference(f.Ref) {
			return nil, fmt.Errorf("--ref: %s is no reference; --record takes a RecordID or SubmitID", f.Ref)
		}
	}
	if f.record != "" {
		if f.Record, err = explain.ParseKey(f.record); err != nil || explain.IsReference(f.Record) {
			return nil, fmt.Errorf("--record: %q is no RecordID or SubmitID", f.record)
		}
	}
	if f.address != "" {
		if f.Address, err = command.ParseNetwork(f.address); err != nil {
			return nil, fmt.Errorf("--address: %w", err)
		}
	}
	if f.since != "" {
		if f.Since, err = auditsearch.Moment(f.since, false, now); err != nil {
			return nil, fmt.Errorf("--since: %w", err)
		}
	}
	if f.until != "" {
		if f.Until, err = auditsearch.Moment(f.until, true, now); err != nil {
			return nil, fmt.Errorf("--until: %w", err)
		}
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return nil, fmt.Errorf("--since %s is not before --until %s", show.Time(f.Since), show.Time(f.Until))
	}
	return &f.Filter, nil
}

func searchAudit(e *command.Env, c *cobra.Command, path string, files, zips []string, flags *auditFilter, form command.Output) (err error) {
	filter, err := flags.parse(time.Now())
	if err != nil {
		return err
	}
	place := func(where string) string { return where }
	own := "" // the audit log of the one front that was read, of several that may be
	if len(zips) > 0 {
		u, bad := openShelf(c.Context(), e, zips)
		if bad != nil {
			return bad
		}
		defer func() { err = errors.Join(err, u.close()) }()
		files, place = append(files, u.audit...), u.place
		if len(files) == 0 {
			return errors.New("these archives were made without audit logs: name the logs that were kept beside them")
		}
	}
	if len(files) == 0 {
		if path == "" {
			return errors.New("name the audit logs, or a configuration with -c")
		}
		cfg, err := config.Load(path, e.Environ)
		if err != nil {
			return err
		}
		if files, err = command.AuditLogsOf(cfg); err != nil {
			return err
		}
		if cfg.Store.Driver == assemble.DriverPostgres {
			own = cfg.AuditLog
		}
	}
	lang := e.Lang
	bar := command.LaterPhase{Phase: command.Phase{Env: e, What: command.Doing("reading audit logs"), Unit: "bytes"}, Began: time.Now()}
	defer bar.End()
	opt := auditsearch.Options{Filter: *filter, Files: files, Reading: bar.Set}
	summary := func(*auditsearch.Result) error { return nil }
	if form == "json" {
		out := bufio.NewWriter(e.Out)
		opt.Found = func(line *auditlog.Entry, raw []byte) error {
			line.Where = place(line.Where)
			_, _ = out.Write(auditsearch.AppendJSON(nil, line, raw)) // Flush has the error
			return out.Flush()
		}
	} else {
		table := auditsearch.NewPrinter(e.Out, lang)
		opt.Found = func(line *auditlog.Entry, _ []byte) error {
			bar.Clear()
			line.Where = place(line.Where)
			return table.Line(line)
		}
		summary = table.Summary
	}
	result, err := auditsearch.Run(c.Context(), opt)
	bar.End()
	if err != nil {
		return err
	}
	auditsearch.Problems(e.Err, result, lang)
	if own != "" && result.Found == 0 {
		e.Warn("only the audit logs of this machine, %s, were read: if the firm has other fronts, name theirs", own)
	}
	return summary(result)
}
