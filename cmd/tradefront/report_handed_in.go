package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

func newReportHandedIn(e *env) *cobra.Command {
	var path, day string
	c := &cobra.Command{
		Use: "handed-in", Short: "Note that the report of a day was given to the monitoring centre", Args: noArgs,
		Long: "Note who gave the report of a day to the monitoring centre, and when. From then on no export replaces\n" +
			"that file without --force and a reason: what comes late goes into a supplement.",
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, cal, err := loadCalendarOf(path, e.environ)
			if err != nil {
				return err
			}
			on, err := parseDay(cal, "--day", day)
			if err != nil {
				return err
			}
			host, err := os.Hostname()
			if err != nil {
				return fmt.Errorf("this machine's name: %w", err)
			}
			r, err := assemble.OpenRecords(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			exports, err := r.Exports(c.Context(), on)
			if err != nil {
				return err
			}
			chain := settlement.Chain(exports)
			if len(chain) == 0 {
				return fmt.Errorf("no report of %s was made: tradefront report export --day %s", on, on)
			}
			last := chain[len(chain)-1]
			h := store.HandedIn{Day: on, At: time.Now(), By: operator(host), Number: last.Number}
			if err := r.AddHandedIn(c.Context(), &h); err != nil {
				return err
			}
			for _, x := range chain {
				fmt.Fprintf(e.out, "noted as handed in: %s, %d rows, sha256 %x\n", x.File, x.Rows, x.SHA256)
			}
			return nil
		}),
	}
	configFlag(c, &path)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	must(c.MarkFlagRequired("day"))
	return c
}
