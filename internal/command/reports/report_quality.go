package reports

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/quality"
	"github.com/tradefront/tradefront/internal/settlement/verify"
)

func newReportQuality(e *command.Env) *cobra.Command {
	var (
		path, day, page string
		force           bool
		form            command.Output
	)
	c := &cobra.Command{
		Use: "quality", Short: "Show how well terminals collected: flags by AppID, and the day before beside it", Args: command.NoArgs,
		Long: "Count the logins of a trading day by 异常标识, by AppID and version, with the trading day before beside it: which\n" +
			"software got worse, and whom to call. It reads the store and needs no private key. Without --day it is the\n" +
			"last trading day whose window has closed. Exit status 0, also where the shares are large.",
		Example: "  tradefront report quality -c tradefront.yaml\n" +
			"  tradefront report quality -c tradefront.yaml --day 20260105 --html quality.html",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			file, err := verify.CreatePage(page, "", force)
			if err != nil {
				return err
			}
			defer file.Discard()
			r, err := qualityOf(c.Context(), e, path, day)
			if err != nil {
				return err
			}
			if err := file.Write(r); err != nil {
				return err
			}
			var written error
			return errors.Join(form.Print(e.Out, r, func(w io.Writer) { written = r.WriteText(w) }), written)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD (default: the last one whose window has closed)")
	c.Flags().StringVar(&page, "html", "", "write it as one page into this file as well")
	c.Flags().BoolVar(&force, "force", false, "let --html replace a file that is no such page")
	return c
}

func qualityOf(ctx context.Context, e *command.Env, path, day string) (_ *quality.Report, err error) {
	cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
	if err != nil {
		return nil, err
	}
	on := settlement.LastClosed(cal, time.Now())
	if day != "" {
		if on, err = command.ParseDay(cal, "--day", day); err != nil {
			return nil, err
		}
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rows := command.Phase{Env: e, What: command.Doing("reading the store"), Unit: "rows"}
	defer rows.End()
	return quality.Run(ctx, quality.Options{Day: on, Before: cal.Prev(on), Records: r, Reading: rows.Set})
}
