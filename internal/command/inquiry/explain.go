package inquiry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/explain"
	"github.com/tradefront/tradefront/internal/show"
)

// NewExplain is `explain`: what became of one login.
func NewExplain(e *command.Env) *cobra.Command {
	var (
		o        explain.Options
		path     string
		archives []string
		form     command.Output
	)
	c := &cobra.Command{
		Use: "explain REF [FILE]...", Args: cobra.MinimumNArgs(1),
		Short: "Say what became of one login, why, and who acts",
		Long: "Look up the reference that ends a refusal's text ([ref 4CV33T]), a RecordID, or a relay's SubmitID in\n" +
			"the audit logs of fronts and relay agents, and show the whole visit: each step, the true reason in\n" +
			"English and Chinese, who acts, and which line of which report it became.\n\n" +
			"The audit logs are those named with --audit; without any, the audit_log of the configuration and the\n" +
			"rotated files beside it. Rotated and gzipped files are understood, in any order. With a configuration\n" +
			"the store is asked for the record, too, as role tradefront_report; where it cannot be read a warning says so,\n" +
			"and the visit is shown all the same. Of a day that was archived, --archive has both the lines and the\n" +
			"record. Status 1 if nothing is found.",
		Example: "  tradefront explain 4CV33T -c tradefront.yaml\n" +
			"  tradefront explain 4CV33T --audit front1/audit.jsonl --audit front2/audit.jsonl.1.gz relay/audit.jsonl\n" +
			"  tradefront explain 019b7c1e-5c00-7d4e-8a3b-0123456789ab -c tradefront.yaml --report 0001clientinfo20260105.txt\n" +
			"  tradefront explain 4CV33T --archive /archive/0001archive20260105.zip",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			o.Key = args[0]
			o.Audit = append(o.Audit, args[1:]...) // --audit logs/* leaves all but the first as arguments
			result, err := explainLogin(c.Context(), e, path, archives, &o)
			if err != nil {
				return err
			}
			if err := form.Print(e.Out, result, func(w io.Writer) { printExplained(w, result) }); err != nil {
				return err
			}
			e.AdviseRole(c, result.StoreErr)
			return result.NotFound()
		}),
	}
	command.OptionalConfigFlag(c, &path, "configuration file; may be left out where --audit names the logs", 1)
	command.OutputFlag(c, &form)
	c.Flags().StringArrayVar(&o.Audit, "audit", nil, "audit log; more may follow as arguments")
	archiveFlag(c, &archives)
	c.Flags().StringArrayVar(&o.Reports, "report", nil, "report of the day, to name the line in it")
	return c
}

// explainLogin opens what the configuration names, and looks the key up. o then has the audit logs that were read.
func explainLogin(ctx context.Context, e *command.Env, path string, archives []string, o *explain.Options) (r *explain.Result, err error) {
	if len(archives) > 0 {
		u, bad := openShelf(ctx, e, archives)
		if bad != nil {
			return nil, bad
		}
		defer func() {
			if r != nil {
				u.shorten(r)
			}
			err = errors.Join(err, u.close())
		}()
		o.Audit, o.Archives = append(o.Audit, u.audit...), u.shelf
	}
	switch {
	case path == "" && len(o.Audit) == 0 && o.Archives == nil:
		return nil, errors.New("name the audit logs with --audit, or a configuration with -c")
	case path == "" && len(o.Reports) > 0:
		return nil, errors.New("--report needs a configuration (-c): the record is looked up in its store")
	case path != "":
		cfg, err := config.Load(path, e.Environ)
		if err != nil {
			return nil, err
		}
		if len(o.Audit) == 0 && o.Archives == nil {
			if o.Audit, err = command.AuditLogsOf(cfg); err != nil {
				return nil, err
			}
		}
		records, bad := assemble.OpenRecords(ctx, cfg)
		if o.StoreErr = bad; bad == nil {
			defer func() { err = errors.Join(err, records.Close()) }()
			o.Records, o.Archived = records, archivedIn(records)
		}
	}
	audit := command.Phase{Env: e, What: command.Doing("reading audit logs"), Unit: "bytes"}
	defer audit.End()
	o.Reading = audit.Set
	return explain.Run(ctx, *o)
}

// printExplained is for the operator on the phone.
func printExplained(w io.Writer, r *explain.Result) {
	switch n := len(r.Visits); {
	case n > 1:
		command.Tell(w, "%s: %d visits\n", r.Key, n+r.More)
	case n == 1:
		command.Tell(w, "%s: one visit\n", r.Key)
	}
	for i := range r.Visits {
		printVisit(w, &r.Visits[i])
	}
	for i := range r.Records {
		printRecord(w, &r.Records[i], r.StoreErr == nil)
	}
	for _, text := range r.Warnings {
		command.Tell(w, "warning: %s\n", command.SentenceFor(w, text))
	}
}

func printVisit(w io.Writer, v *explain.Visit) {
	first := &v.Entries[0]
	if first.Address == "" { // the load balancer named none
		command.Tell(w, "\n%s %d, session %d, from no address\n", command.WordFor(w, "side", first.Side()), first.FrontID, first.SessionID)
	} else {
		command.Tell(w, "\n%s %d, session %d, from %s port %d\n",
			command.WordFor(w, "side", first.Side()), first.FrontID, first.SessionID, show.Cell(first.Address), first.Port)
	}
	command.Table(w, "time\tstep\treason\tcode\tAppID\taccount\tline", func(w io.Writer) {
		for i := range v.Entries {
			x := &v.Entries[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", show.Time(x.Time), show.Cell(x.Event), show.Cell(x.Reason), x.Code,
				show.Cell(x.AppID), show.Cell(x.Account), show.Cell(x.Where))
		}
	})
	for i := range v.Entries {
		if x := &v.Entries[i]; x.TerminalAddress != "" {
			command.Tell(w, "  the terminal was at %s port %d, as relay %s told\n", show.Cell(x.TerminalAddress), x.TerminalPort, show.Cell(x.RelayAppID))
			if x.SubmitID != "" { // a many-to-many relay has none
				fmt.Fprintf(w, "  SubmitID %s\n", show.Cell(x.SubmitID))
			}
			break
		}
	}
	for i := range v.Entries {
		if x := &v.Entries[i]; x.Closing != "" { // of an operator relay: its other lines do not say it
			english, chinese := explain.About(x.Closing)
			command.Tell(w, "  the connection ended, %s: %s\n", show.Cell(x.Closing), command.InLanguageOf(w, english.What, chinese.What))
		}
	}
	why := &v.Why
	if why.Reason == "" {
		return
	}
	command.Tell(w, "  why   %s (%d): %s\n", show.Cell(why.Reason), why.Code, command.InLanguageOf(w, why.English.What, why.Chinese.What))
	if !command.ReadsChinese(w) {
		fmt.Fprintf(w, "  原因  %s\n", why.Chinese.What)
	}
	if why.Item != "" {
		command.Tell(w, "  item  %s\n", show.Cell(why.Item))
	}
	if why.Blocks > 0 {
		command.Tell(w, "  right blocks of the answer, from the first on: %d of %d. The authcode is the right one; the mode is not ECB (CBC with a zero IV\n"+
			"  has the first block right), or the challenge was cut at a zero byte, as a C string is\n", why.Blocks, auth.Blocks)
	}
	if !command.ReadsChinese(w) {
		printAdvice(w, "  the terminal's vendor", why.English.Vendor)
	}
	printAdvice(w, "  终端厂商", why.Chinese.Vendor)
	if !command.ReadsChinese(w) {
		printAdvice(w, "  the operator", why.English.Operator)
	}
	printAdvice(w, "  期货公司运维", why.Chinese.Operator)
}

func printAdvice(w io.Writer, who, advice string) {
	if advice != "" {
		fmt.Fprintf(w, "%s: %s\n", who, advice)
	}
}

// printRecord: where the store was read to the end, it is known that a day was not exported.
func printRecord(w io.Writer, r *explain.Record, read bool) {
	command.Tell(w, "\nrecord %s\n", r.RecordID)
	switch {
	case r.Archive != "":
		command.Tell(w, "  in the archive %s\n", r.Archive)
	case len(r.Archived) > 0:
		command.Tell(w, "  its day %s is archived in %s: name that file with --archive\n", r.TradingDay, command.Joined(w, r.Archived))
		return
	case !r.Stored:
		command.Tell(w, "  not in this store: it may wait in the local store of the front that made it (front status), or be in another seat's store\n")
		return
	}
	command.Tell(w, "  trading day %s, login %s, account %s, 异常标识 %s\n", r.TradingDay, show.Optional(r.LoginTime), r.Account, r.Flag)
	switch {
	case len(r.Lines) > 0:
		command.Tell(w, "  reported: %s\n", strings.Join(r.Lines, ", "))
	case len(r.Exported) > 0:
		command.Tell(w, "  its day was exported as %s: name the files with --report to see the line\n", strings.Join(r.Exported, ", "))
	default:
		if r.Stored && read {
			command.Tell(w, "  its day was not exported yet\n")
		}
	}
}
