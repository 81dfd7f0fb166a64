package relays

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/settlement/relayreport"
)

func newRelayReport(e *command.Env) *cobra.Command {
	var (
		o         relayreport.Options
		path, day string
		form      = relayForm("text")
	)
	c := &cobra.Command{
		Use: "report --day D [FILE]...", Args: cobra.ArbitraryArgs,
		Short: "Say how honest relays were about their terminals, from the audit logs",
		Long: "A relay is believed when it says from where, when and with what its terminals logged in. Show for each\n" +
			"relay what would tell one that is set up badly: how many accounts have one address, private addresses,\n" +
			"equal ports, login times beside the arrival at the front, terminals reported again, ciphertexts of\n" +
			"another account, and AppIDs that no direct login has. A remark is a question to the relay's operator;\n" +
			"the status is 0 with remarks too.\n\n" +
			"The audit logs are those named with --audit, of all fronts; without any, the audit_log of the configuration\n" +
			"and the rotated files beside it. Rotated and gzipped files are understood, in any order. A trading day\n" +
			"begins at 15:30 of the trading day before.",
		Example: "  tradefront relay report -c tradefront.yaml --day 20260105\n" +
			"  tradefront relay report --day 20260105 --audit front1/audit.jsonl* front2/audit.jsonl* -o html > relays.html",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			o.Audit = append(o.Audit, args...) // --audit logs/* leaves all but the first as arguments
			r, err := relayReport(c.Context(), e, path, day, o)
			if err != nil {
				return err
			}
			switch form {
			case "html":
				return r.WriteHTML(e.Out)
			case "json":
				enc := json.NewEncoder(e.Out)
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				return enc.Encode(r)
			}
			return r.WriteText(e.Out)
		}),
	}
	command.OptionalConfigFlag(c, &path, "configuration file; may be left out where --audit names the logs", 0)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	command.Must(c.MarkFlagRequired("day"))
	c.Flags().StringArrayVar(&o.Audit, "audit", nil, "audit log; more may follow as arguments")
	c.Flags().StringVar(&o.TempDir, "tmp", "", "folder for temporary files (default: the system's)")
	c.Flags().VarP(&form, "output", "o", "text, json, or html: one page")
	return c
}

// relayReport reads the audit logs, those of the configuration if none is named.
func relayReport(ctx context.Context, e *command.Env, path, day string, o relayreport.Options) (_ *relayreport.Report, err error) {
	switch {
	case path != "":
		cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
		if err != nil {
			return nil, err
		}
		if o.Day, err = command.ParseDay(cal, "--day", day); err != nil {
			return nil, err
		}
		if len(o.Audit) == 0 {
			if o.Audit, err = command.AuditLogsOf(cfg); err != nil {
				return nil, err
			}
		}
	case len(o.Audit) == 0:
		return nil, errors.New("name the audit logs with --audit, or a configuration with -c")
	default:
		if o.Day, err = calendar.ParseTradingDay(day); err != nil {
			return nil, fmt.Errorf("--day: %w", err)
		}
	}
	audit := command.Phase{Env: e, What: command.Doing("reading audit logs"), Unit: "bytes"}
	defer audit.End()
	o.Reading, o.Now = audit.Set, time.Now()
	return relayreport.Run(ctx, o)
}

// relayForm is the form of the report.
type relayForm string

func (o *relayForm) String() string { return string(*o) }
func (o *relayForm) Type() string   { return "form" }

// Set refuses any other word.
func (o *relayForm) Set(s string) error {
	if s != "text" && s != "json" && s != "html" {
		return errors.New("want text, json or html")
	}
	*o = relayForm(s)
	return nil
}
