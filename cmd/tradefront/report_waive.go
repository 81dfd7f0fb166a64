package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
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

func newReportWaive(e *env) *cobra.Command {
	var (
		path, day, reason string
		form              output
	)
	c := &cobra.Command{
		Use: "waive", Short: "Let the report of a day be written in spite of what may be missing", Args: noArgs,
		Long: "Note that the report of a day may be written in spite of the obstacles that there are now, with who\n" +
			"waived them, when and why. `report export` then goes on and warns of each; the manifest has them, and\n" +
			"`report verify` calls the file incomplete. What comes after the waiver, and an obstacle behind which\n" +
			"more records are missing than were waived, keeps the report back again.",
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, cal, err := loadCalendarOf(path, e.environ)
			if err != nil {
				return err
			}
			on, err := parseDay(cal, "--day", day)
			if err != nil {
				return err
			}
			now := time.Now()
			if _, end, err := cal.Window(on); err != nil || now.Before(end) {
				return errors.Join(err, &settlement.OpenWindowError{Day: on, End: end})
			}
			by, err := e.operator()
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
			err = e.undertakeIn(c, cfg, r.Tables(), task{subject: on.String(), why: reason}, func(a *store.Action) (err error) {
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
			return form.print(e.out, s, func(out io.Writer) { printWaiver(out, s) })
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	c.Flags().StringVar(&reason, "reason", "", "why; it is written into the manifest of the report")
	must(c.MarkFlagRequired("day"))
	must(c.MarkFlagRequired("reason"))
	return c
}

func printWaiver(w io.Writer, s shownWaiver) {
	tell(w, "waived of %s, by %s: %s\n", s.Day, s.By, s.Reason)
	for i := range s.Obstacles {
		fmt.Fprintf(w, "  %s\n", sentenceFor(w, s.Obstacles[i].Where+" "+s.Obstacles[i].What))
	}
	tell(w, "the report may be written now, and is marked as incomplete: tradefront report export --day %s\n", s.Day)
}

// reasonHelp is of the commands that give something up which a report then lacks.
const reasonHelp = "why; it is written into the manifest of each report that lacks something for it (default: the command's name)"

// newWaiver is the waiver of a command that gives something up; command is its reason if the operator gives none.
func (e *env) newWaiver(reason, command string) (store.Waiver, error) {
	by, err := e.operator()
	if err != nil {
		return store.Waiver{}, err
	}
	return store.Waiver{At: time.Now(), By: by, Reason: cmp.Or(strings.TrimSpace(reason), command)}, nil
}

// operator is who runs this command, as its actions, waivers and notes have it.
func (e *env) operator() (string, error) {
	who, err := actions.Who(e.environ)
	return who.By(), err
}
