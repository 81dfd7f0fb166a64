package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement"
)

func newReport(e *env) *cobra.Command {
	return group("report", "The file for the monitoring centre", newReportExport(e), newReportVerify(e), newReportMerge(e))
}

// exported is what `report export -o json` prints.
type exported struct {
	Path   string `json:"path"`
	Day    string `json:"trading_day"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func newReportExport(e *env) *cobra.Command {
	var (
		path, day, out string
		form           output
	)
	c := &cobra.Command{
		Use: "export", Short: "Write the report file of one trading day", Args: cobra.NoArgs,
		Long: "Write <report_unit_id>clientinfo<YYYYMMDD>.txt into the folder --out: one line for each login\n" +
			"recorded from 15:30 of the trading day before up to 15:30 of the day (UTC+8). The file appears\n" +
			"whole or not at all.",
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(path, e.environ)
			if err != nil {
				return err
			}
			tradingDay, err := parseDay(cfg, day)
			if err != nil {
				return err
			}
			r, err := openRecords(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			bar := e.progress("exporting", 0, "rows")
			result, err := settlement.Export(c.Context(), settlement.Options{
				Records: r, UnitID: cfg.ReportUnitID, Day: tradingDay, OutDir: out, Progress: bar.set,
			})
			bar.end()
			if err != nil {
				return err
			}
			done := exported{result.Path, tradingDay.String(), result.Rows, result.Bytes, hex.EncodeToString(result.SHA256[:])}
			return form.print(e.out, done, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d rows, %d bytes, sha256 %s\n", done.Path, done.Rows, done.Bytes, done.SHA256)
			})
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	c.Flags().StringVar(&day, "day", "", "trading day, YYYYMMDD")
	must(c.MarkFlagRequired("day"))
	c.Flags().StringVar(&out, "out", ".", "folder to write into")
	return c
}

// parseDay refuses a day on which the exchanges are closed: it has no report of its own.
func parseDay(cfg *config.Config, s string) (calendar.TradingDay, error) {
	day, err := calendar.ParseTradingDay(s)
	if err != nil {
		return 0, fmt.Errorf("--day: %w", err)
	}
	cal, err := calendar.Load(cfg.CalendarFile)
	if err != nil {
		return 0, config.Faults{{Key: "calendar_file", Problem: err.Error()}}
	}
	if _, _, err := cal.Window(day); err != nil {
		return 0, fmt.Errorf("--day: %w", err)
	}
	return day, nil
}
