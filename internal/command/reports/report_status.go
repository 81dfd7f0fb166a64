package reports

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// shownStatus is a day as `report status -o json` prints it.
type shownStatus struct {
	Day         string    `json:"trading_day"`
	Start       time.Time `json:"window_start,omitzero"` // none for a day that is no trading day any more
	End         time.Time `json:"window_end,omitzero"`
	Closed      bool      `json:"closed"`
	Records     int64     `json:"records"`
	Reported    int64     `json:"reported"`
	Late        int64     `json:"late"`
	Moved       int64     `json:"moved_away"`
	Unaccounted int64     `json:"unaccounted"`
	Gone        int64     `json:"gone,omitempty"`
	Archived    bool      `json:"archived,omitempty"`
	Archives    []string  `json:"archives,omitempty"` // files that have records of the day which the store has not
	// HandedIn and Receipt are of the last note, if it has all files that hold the day; else ToHandIn has those that it lacks, as after a supplement.
	HandedIn    *time.Time    `json:"handed_in,omitempty"`
	Receipt     string        `json:"receipt,omitempty"`
	ToHandIn    []shownExport `json:"not_handed_in,omitempty"`
	Provisional int64         `json:"provisional"`
	Last        *shownExport  `json:"last_export,omitempty"`
	// Fronts are those that may hold records of the day which the store lacks.
	Fronts []settlement.FrontObstacle `json:"fronts,omitempty"`
	// Obstacles keep the report back, fronts among them; those that were waived do not.
	Obstacles []store.Obstacle    `json:"obstacles,omitempty"`
	Waived    []reportfile.Waived `json:"waived,omitempty"`

	Good bool   `json:"good"`
	Next string `json:"next"`

	nextShown string // in the language of who reads the table
}

// shownExport is a line of the ledger.
type shownExport struct {
	Number int              `json:"number"`
	Kind   store.ExportKind `json:"kind"`
	At     time.Time        `json:"at"`
	Rows   int64            `json:"rows"`
	Bytes  int64            `json:"bytes"`
	SHA256 string           `json:"sha256"`
	File   string           `json:"file"`
	Host   string           `json:"host"`
	UnitID string           `json:"report_unit_id"`
}

const statusDays = 10

func newReportStatus(e *command.Env) *cobra.Command {
	var (
		path, day string
		form      command.Output
	)
	c := &cobra.Command{
		Use: "status", Short: "Show the state of the last days' reports, and what to do", Args: command.NoArgs,
		Long: "For each of the last ten trading days, for every older day that got records after its report was made, or\n" +
			"lost some to another day, and for each closed date since with records: how many records there are, what was\n" +
			"exported, what came late or was moved to another day, and what to do next. Any other day: --day.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, cal, err := command.LoadCalendarOf(path, e.Environ)
			if err != nil {
				return err
			}
			now, days := time.Now(), []calendar.TradingDay(nil)
			if day != "" {
				only, err := calendar.ParseTradingDay(day)
				if err != nil {
					return fmt.Errorf("--day: %w", err)
				}
				days = append(days, only)
			}
			r, err := assemble.OpenRecords(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			if day == "" {
				if days, err = settlement.DaysOfInterest(c.Context(), r, cal, now, statusDays); err != nil {
					return err
				}
			}
			fronts, err := assemble.FrontsOf(cfg, r).Fronts(c.Context())
			if err != nil {
				return err
			}
			survey := assemble.SurveyOf(cfg, r, cal)
			survey.Fronts = settlement.KnownFronts(fronts)
			list := make([]shownStatus, 0, len(days))
			for _, on := range days {
				s, err := survey.Status(c.Context(), now, on)
				if err != nil {
					return err
				}
				if day != "" || !s.Earlier {
					list = append(list, showStatus(e, &s))
				}
			}
			if err := form.Print(e.Out, list, func(w io.Writer) { printStatus(w, list) }); err != nil {
				return err
			}
			current, ahead, err := settlement.AheadOf(c.Context(), r, cal, now)
			if ahead > 0 {
				e.Warn("%d records are on days after %s, which have not begun: a clock was ahead when they were recorded, so that the report of the day "+
					"on which they were made lacks them; set the clocks, find the logins in the audit logs by trading_day, and tell the monitoring centre", ahead, current)
			}
			return err
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "this trading day only, YYYYMMDD")
	return c
}

func showStatus(e *command.Env, d *settlement.DayStatus) shownStatus {
	s := shownStatus{
		Day: d.Day.String(), Start: d.Start, End: d.End, Closed: d.Closed, Records: d.Records, Reported: d.Reported,
		Late: d.Late, Moved: d.Moved, Unaccounted: d.Unaccounted, Provisional: d.Provisional,
		Fronts: d.Obstacles.Fronts, Obstacles: d.Obstacles.Open, Waived: d.Obstacles.Waived, Good: d.Good, Next: d.Next,
	}
	s.nextShown = e.Say(d.Next, d.NextChinese)
	s.Gone, s.Archived = d.Gone, d.Archived
	for i := range d.Archives {
		s.Archives = append(s.Archives, d.Archives[i].File)
	}
	if h := d.HandedIn; h != nil && len(d.ToHandIn) == 0 {
		s.HandedIn, s.Receipt = new(h.At.In(regulation.Zone)), h.Receipt
	}
	for i := range d.ToHandIn {
		s.ToHandIn = append(s.ToHandIn, showExport(&d.ToHandIn[i]))
	}
	if l := d.Last; l != nil {
		s.Last = new(showExport(l))
	}
	return s
}

func showExport(l *store.Export) shownExport {
	return shownExport{
		l.Number, l.Kind, l.At.In(regulation.Zone), l.Rows, l.Bytes, fmt.Sprintf("%x", l.SHA256), l.File, l.Host, l.UnitID,
	}
}

func printStatus(w io.Writer, list []shownStatus) {
	command.Table(w, "DAY\tRECORDS\tREPORTED\tLATE\tMOVED AWAY\tLAST EXPORT\tKIND\tNEXT", func(w io.Writer) {
		for _, s := range list {
			at, kind := "-", "-"
			if s.Last != nil {
				at, kind = show.Time(s.Last.At), command.WordFor(w, "export", string(s.Last.Kind))
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", s.Day, s.Records, s.Reported, s.Late, s.Moved, at, kind, s.nextShown)
		}
	})
}
