package reports

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

// shownReassigned is what `calendar reassign -o json` prints.
type shownReassigned struct {
	Moved       int64 `json:"moved"`
	Confirmed   int64 `json:"confirmed"`
	Dropped     int64 `json:"copies_dropped"`
	Provisional int64 `json:"provisional"`
}

func newCalendarReassign(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "reassign", Short: "Put records on the trading day that the calendar gives them now", Args: command.NoArgs,
		Long: "Every record whose trading day was a guess, because the calendar did not know its days for\n" +
			"certain at the login, gets the day that the calendar knows now. So does every record of the last 90\n" +
			"days that is on another day than the calendar says: its day became a holiday, or a holiday before it\n" +
			"became a trading day. A moved record counts as late\n" +
			"for its new day; `report status` shows the days that gained or lost records. Running it again\n" +
			"is harmless, and so is running it beside the fronts.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
			if err != nil {
				return err
			}
			r, err := assemble.OpenRecords(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			var did store.Reassigned
			err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: "trading days of records"}, func(a *store.Action) (err error) {
				bar := e.Progress(command.Doing("reassigning"), 0, "records")
				did, err = settlement.Reassign(c.Context(), r, cal, time.Now(), bar.Set)
				bar.End()
				a.Note("moved", "", fmt.Sprintf("%d records", did.Moved))
				a.Note("confirmed", "", fmt.Sprintf("%d records", did.Confirmed))
				if err != nil {
					return fmt.Errorf("%w; %d records are done, run it again for the rest", err, did.Looked())
				}
				return nil
			})
			if err != nil {
				return err
			}
			s := shownReassigned{did.Moved, did.Confirmed, did.Dropped, did.Provisional}
			return form.Print(e.Out, s, func(w io.Writer) { printReassigned(w, s) })
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func printReassigned(w io.Writer, s shownReassigned) {
	command.Tell(w, "%d records moved to another day, %d confirmed on theirs, %d stay provisional\n", s.Moved, s.Confirmed, s.Provisional)
	if s.Dropped > 0 {
		command.Tell(w, "%d copies of records that were moved before, sent again by a front, were dropped\n", s.Dropped)
	}
	if s.Moved > 0 {
		command.Tell(w, "see which reports that concerns: tradefront report status\n")
	}
}
