package reports

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

// shownWaiver is what `report waive -o json` prints.
type shownWaiver struct {
	Day       string           `json:"trading_day"`
	At        time.Time        `json:"waived_at"`
	By        string           `json:"waived_by"`
	Reason    string           `json:"reason"`
	Obstacles []store.Obstacle `json:"obstacles"`
}

func newReportWaive(e *command.Env) *cobra.Command {
	var (
		path, day, reason string
		form              command.Output
	)
	c := &cobra.Command{
		Use: "waive", Short: "Let the report of a day be written in spite of what may be missing", Args: command.NoArgs,
		Long: "Note that the report of a day may be written in spite of the obstacles that there are now, with who\n" +
			"waived them, when and why. `report export` then goes on and warns of each; the manifest has them, and\n" +
			"`report verify` calls the file incomplete. What comes after the waiver, and an obstacle behind which\n" +
			"more records are missing than were waived, keeps the report back again.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
			if err != nil {
				return err
			}
			on, err := command.ParseDay(cal, "--day", day)
			if err != nil {
				return err
			}
			now := time.Now()
			if _, end, err := cal.Window(on); err != nil || now.Before(end) {
				return errors.Join(err, &settlement.OpenWindowError{Day: on, End: end})
			}
			by, err := e.Operator()
			if err != nil {
				return err
			}
			r, err := assemble.OpenRecords(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			survey := assemble.SurveyOf(cfg, r, cal)
			var w store.Waiver
			err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: on.String(), Why: reason}, func(a *store.Action) (err error) {
				w, err = survey.Waive(c.Context(), store.Waiver{Day: on, At: now, By: by, Reason: reason}, nil)
				for i := range w.Obstacles {
					a.Note("waived", "", w.Obstacles[i].Where+" "+w.Obstacles[i].What)
				}
				return err
			})
			if err != nil {
				return err
			}
			s := shownWaiver{on.String(), w.At.In(regulation.Zone), w.By, w.Reason, w.Obstacles}
			return form.Print(e.Out, s, func(out io.Writer) { printWaiver(out, s) })
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	c.Flags().StringVar(&reason, "reason", "", "why; it is written into the manifest of the report")
	command.Must(c.MarkFlagRequired("day"))
	command.Must(c.MarkFlagRequired("reason"))
	return c
}

func printWaiver(w io.Writer, s shownWaiver) {
	command.Tell(w, "waived of %s, by %s: %s\n", s.Day, s.By, s.Reason)
	for i := range s.Obstacles {
		fmt.Fprintf(w, "  %s\n", command.SentenceFor(w, s.Obstacles[i].Where+" "+s.Obstacles[i].What))
	}
	command.Tell(w, "the report may be written now, and is marked as incomplete: tradefront report export --day %s\n", s.Day)
}
