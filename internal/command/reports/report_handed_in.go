package reports

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/daily"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// shownHandedIn is what `report handed-in -o json` prints.
type shownHandedIn struct {
	Day     string        `json:"trading_day"`
	At      time.Time     `json:"at"`
	By      string        `json:"by"`
	Receipt string        `json:"receipt,omitempty"`
	Exports []shownExport `json:"exports"`
	Left    []shownExport `json:"not_handed_in,omitempty"`
}

// handedInFlags are which report, and what the monitoring centre answered.
type handedInFlags struct {
	path, day, receipt string
	form               command.Output
}

func newReportHandedIn(e *command.Env) *cobra.Command {
	var f handedInFlags
	c := &cobra.Command{
		Use: "handed-in [FILE]...", Short: "Note that the report of a day was given to the monitoring centre", Args: cobra.ArbitraryArgs,
		Long: "Note who gave the report of a day to the monitoring centre, when, and with --receipt what it answered. From then\n" +
			"on no export replaces that file without --force and a reason: what comes late goes into a supplement. With\n" +
			"FILE it is checked that this is what the day's export wrote, or was merged of it; the day is then in its name.\n" +
			"A supplement is noted with the report that it goes with, or after it.",
		Example: "  tradefront report handed-in -c tradefront.yaml reports/0001clientinfo20260105.txt --receipt 20260105-0001\n" +
			"  tradefront report handed-in -c tradefront.yaml --day 20260105",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			done, err := f.run(c, e, args)
			if err != nil {
				return err
			}
			return f.form.Print(e.Out, done, done.print)
		}),
	}
	command.ConfigFlag(c, &f.path)
	command.OutputFlag(c, &f.form)
	c.Flags().StringVar(&f.day, "day", "", "trading day, YYYYMMDD")
	c.Flags().StringVar(&f.receipt, "receipt", "", "what the monitoring centre answered, as its receipt's number")
	return c
}

func (f *handedInFlags) run(c *cobra.Command, e *command.Env, args []string) (_ *shownHandedIn, err error) {
	ctx := c.Context()
	cfg, cal, err := command.LoadCalendarOf(f.path, e.Environ)
	if err != nil {
		return nil, err
	}
	on, err := f.of(cal, args)
	if err != nil {
		return nil, err
	}
	f.receipt = strings.TrimSpace(f.receipt)
	if !utf8.ValidString(f.receipt) || strings.ContainsFunc(f.receipt, unicode.IsControl) {
		return nil, errors.New("--receipt: want one line of text")
	}
	if len(f.receipt) > store.MaxReceipt {
		return nil, fmt.Errorf("--receipt: has %d bytes, at most %d are kept", len(f.receipt), store.MaxReceipt)
	}
	by, err := e.Operator()
	if err != nil {
		return nil, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	exports, err := r.Exports(ctx, on)
	if err != nil {
		return nil, err
	}
	chain := settlement.Chain(exports)
	if len(chain) == 0 {
		return nil, fmt.Errorf("no report of %s was made: tradefront report export --day %s", on, on)
	}
	before, err := r.HandedIn(ctx, on)
	if err != nil {
		return nil, err
	}
	noted := chain[len(chain)-1].Number
	if len(args) > 0 {
		if noted, err = daily.NotedBy(ctx, args, chain, settlement.ToHandIn(exports, settlement.LastNote(before))); err != nil {
			return nil, err
		}
	}
	for i := range before { // a receipt that is noted later takes nothing back
		noted = max(noted, before[i].Number)
	}
	h := store.HandedIn{Day: on, At: time.Now(), By: by, Number: noted, Receipt: f.receipt}
	err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: on.String()}, func(a *store.Action) error {
		a.Note("handed_in", "", fmt.Sprintf("up to export %d", noted))
		if f.receipt != "" {
			a.Note("receipt", "", f.receipt)
		}
		return r.AddHandedIn(ctx, &h)
	})
	if err != nil {
		return nil, err
	}
	done := &shownHandedIn{Day: on.String(), At: h.At.In(regulation.Zone), By: h.By, Receipt: h.Receipt}
	left := settlement.ToHandIn(exports, &h)
	for i := range chain[:len(chain)-len(left)] {
		done.Exports = append(done.Exports, showExport(&chain[i]))
	}
	for i := range left {
		done.Left = append(done.Left, showExport(&left[i]))
	}
	return done, nil
}

// of is the day that --day says, or the files' names; they must agree.
func (f *handedInFlags) of(cal *calendar.Calendar, args []string) (calendar.TradingDay, error) {
	if f.day == "" && len(args) == 0 {
		return 0, errors.New("name the file that was handed in, or its day with --day")
	}
	day := f.day
	for _, path := range args {
		name, err := reportfile.ParseName(path)
		if err != nil {
			return 0, err
		}
		if day != "" && day != name.Day.String() {
			return 0, fmt.Errorf("%s is of %s, not of %s: note one day at a time", path, name.Day, day)
		}
		day = name.Day.String()
	}
	return command.ParseDay(cal, "--day", day)
}

func (d *shownHandedIn) print(w io.Writer) {
	for _, x := range d.Exports {
		command.Tell(w, "noted as handed in: %s, %d rows, sha256 %s\n", x.File, x.Rows, x.SHA256)
	}
	for _, x := range d.Left {
		command.Tell(w, "NOT noted, hand it in too: %s, %d rows\n", x.File, x.Rows)
	}
	if d.Receipt != "" {
		command.Tell(w, "receipt: %s\n", d.Receipt)
	}
}
