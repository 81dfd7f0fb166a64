package command

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
)

// LoadCalendarOf reads a configuration and the calendar that it names.
func LoadCalendarOf(path string, environ []string) (*config.Config, *calendar.Calendar, error) {
	cfg, err := config.Load(path, environ)
	if err != nil {
		return nil, nil, err
	}
	cal, err := calendar.Load(cfg.CalendarFile.Path)
	if err != nil {
		return nil, nil, config.Faults{{Key: "calendar_file", Problem: cfg.CalendarFile.Path + ": " + err.Error(), Fix: "see: tradefront calendar check"}}
	}
	return cfg, cal, nil
}

// ParseDay refuses a day on which the exchanges are closed: it has no report of its own.
func ParseDay(cal *calendar.Calendar, flag, s string) (calendar.TradingDay, error) {
	day, err := calendar.ParseTradingDay(s)
	if err == nil {
		_, _, err = cal.Window(day)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", flag, err)
	}
	return day, nil
}
