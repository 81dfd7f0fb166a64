package reports

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// NewCalendar is `calendar`: which days have a report.
func NewCalendar(e *command.Env) *cobra.Command {
	return command.Group("calendar", "The exchanges' trading days",
		newCalendarCheck(e), newCalendarShow(e), newCalendarReassign(e))
}

// calendarSource is a calendar file, named by itself or by a configuration.
type calendarSource struct{ config, file string }

func (s *calendarSource) flags(c *cobra.Command) {
	command.OptionalConfigFlag(c, &s.config, "configuration file that names the calendar", 0)
	c.Flags().StringVar(&s.file, "file", "", "calendar file")
	c.MarkFlagsOneRequired("config", "file")
	c.MarkFlagsMutuallyExclusive("config", "file")
}

// path is the calendar file's name.
func (s *calendarSource) path(environ []string) (string, error) {
	if s.file != "" {
		return s.file, nil
	}
	cfg, err := config.Load(s.config, environ)
	if err != nil {
		return "", err
	}
	return cfg.CalendarFile.Path, nil
}

// shownCalendar is what `calendar check -o json` prints.
type shownCalendar struct {
	File        string      `json:"file"`
	Faults      []string    `json:"faults,omitempty"`
	Horizon     string      `json:"horizon,omitempty"`
	HorizonDays int         `json:"horizon_days"`
	Provisional []int       `json:"provisional_years,omitempty"`
	Warnings    []string    `json:"warnings,omitempty"`
	Years       []shownYear `json:"years,omitempty"`
}

type shownYear struct {
	Year        int          `json:"year"`
	Provisional bool         `json:"provisional"`
	TradingDays int          `json:"trading_days"`
	Months      []shownMonth `json:"months"`
}

// shownMonth has a letter for each day: . trading, X closed, - weekend, w weekend that is
// worked to make up for a holiday.
type shownMonth struct {
	Month       int    `json:"month"`
	TradingDays int    `json:"trading_days"`
	Days        string `json:"days"`
}

func newCalendarCheck(e *command.Env) *cobra.Command {
	var (
		source calendarSource
		form   command.Output
	)
	c := &cobra.Command{
		Use: "check", Short: "Show a calendar file at a glance, or all that is wrong with it", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error {
			path, err := source.path(e.Environ)
			if err != nil {
				return err
			}
			cal, err := calendar.Load(path)
			var problems calendar.Problems
			switch {
			case errors.As(err, &problems):
				s := shownCalendar{File: path, Faults: problems}
				return errors.Join(form.Print(e.Out, s, func(w io.Writer) { printFaults(w, problems) }),
					fmt.Errorf("%s has %d faults: correct them and check again", path, len(problems)))
			case err != nil:
				return err
			}
			s := showCalendar(path, cal, time.Now())
			return form.Print(e.Out, s, func(w io.Writer) { printCalendar(w, s) })
		}),
	}
	source.flags(c)
	command.OutputFlag(c, &form)
	return c
}

func showCalendar(path string, cal *calendar.Calendar, now time.Time) *shownCalendar {
	s := &shownCalendar{
		File: path, Horizon: cal.Horizon().String(),
		HorizonDays: int(show.Days(cal.Horizon().Date().AddDate(0, 0, 1).Sub(now))),
		Provisional: cal.ProvisionalYears(), Warnings: cal.Warnings(now),
	}
	for _, y := range cal.Years() {
		shown := shownYear{Year: y.Year, Provisional: y.Provisional, TradingDays: y.TradingDays()}
		for _, m := range y.Months {
			line := make([]byte, len(m.Days))
			for i, k := range m.Days {
				line[i] = byte(k)
			}
			shown.Months = append(shown.Months, shownMonth{int(m.Month), m.TradingDays(), string(line)})
		}
		s.Years = append(s.Years, shown)
	}
	return s
}

func printFaults(w io.Writer, problems calendar.Problems) {
	for _, p := range problems {
		fmt.Fprintln(w, "  "+command.SentenceFor(w, p))
	}
}

func printCalendar(w io.Writer, s *shownCalendar) {
	command.Tell(w, "%s: known to %s, %d days from now\n", s.File, s.Horizon, s.HorizonDays)
	for _, y := range s.Years {
		provisional := ""
		if y.Provisional {
			provisional = command.InLanguageOf(w, "  PROVISIONAL: logins of this year get a day that may change", "  推定：该年登录所属的交易日以后可能改变")
		}
		command.Tell(w, "\n%d: %d trading days%s\n", y.Year, y.TradingDays, provisional)
		fmt.Fprintln(w, "       1   5    10   15   20   25   30")
		for _, m := range y.Months {
			fmt.Fprintf(w, "  %s  %-31s %3d\n", command.InLanguageOf(w, time.Month(m.Month).String()[:3], fmt.Sprintf("%2d月", m.Month)), m.Days, m.TradingDays)
		}
	}
	command.Tell(w, "\n  . trading  X closed  - weekend  w weekend worked to make up for a holiday (closed)\n")
	for _, warning := range s.Warnings {
		command.Tell(w, "warning: %s\n", command.SentenceFor(w, warning))
	}
}

// shownDay is what `calendar show -o json` prints.
type shownDay struct {
	Day         string    `json:"trading_day"`
	Start       time.Time `json:"window_start"`
	End         time.Time `json:"window_end"`
	Previous    string    `json:"previous"`
	Next        string    `json:"next"`
	Provisional bool      `json:"provisional"`
}

func newCalendarShow(e *command.Env) *cobra.Command {
	var (
		source calendarSource
		day    string
		form   command.Output
	)
	c := &cobra.Command{
		Use: "show", Short: "Show the window of a trading day", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error {
			path, err := source.path(e.Environ)
			if err != nil {
				return err
			}
			cal, err := calendar.Load(path)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			d, err := command.ParseDay(cal, "--day", day)
			if err != nil {
				return err
			}
			start, end, err := cal.Window(d)
			if err != nil {
				return err
			}
			_, provisional := cal.TradingDayOf(start)
			s := shownDay{d.String(), start, end, cal.Prev(d).String(), cal.Next(d).String(), provisional}
			return form.Print(e.Out, s, func(w io.Writer) { printDay(w, &s) })
		}),
	}
	source.flags(c)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	command.Must(c.MarkFlagRequired("day"))
	return c
}

var weekdaysInChinese = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

func printDay(w io.Writer, s *shownDay) {
	command.Tell(w, "trading day %s\n", s.Day)
	at := func(t time.Time) string {
		t = t.In(regulation.Zone)
		return command.InLanguageOf(w, t.Format("Mon "), weekdaysInChinese[t.Weekday()]+" ") + t.Format(regulation.TimeLayout)
	}
	command.Tell(w, "  from      %s (UTC+8)\n", at(s.Start))
	command.Tell(w, "  up to     %s (UTC+8), which is not in it\n", at(s.End))
	command.Tell(w, "  previous  %s\n  next      %s\n", s.Previous, s.Next)
	if s.Provisional {
		command.Tell(w, "  provisional: the calendar does not know these days for certain\n")
	}
}
