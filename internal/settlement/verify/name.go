package verify

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// maxUnitID is the longest 期货公司统一标识 in bytes.
const maxUnitID = 10

// Calendar says when a trading day's logins were.
type Calendar interface {
	// Window is [start, end) of the day, or an error if the day has none.
	Window(day calendar.TradingDay) (start, end time.Time, err error)
}

// Window is the span of a report's logins, half-open. A zero Start is not known.
type Window struct{ Start, End time.Time }

// name is what a report's file name says: <unit>clientinfo<YYYYMMDD>.txt (4.4.1 a).
type name struct {
	unit string
	day  calendar.TradingDay // 0 if the name does not say
}

func parseName(path string) (n name, problem string) {
	const middle, suffix = "clientinfo", ".txt"
	base, isText := strings.CutSuffix(filepath.Base(path), suffix)
	// A unit may contain the word itself, a date cannot.
	at := strings.LastIndex(base, middle)
	if !isText || at < 0 {
		return n, "want <unit>clientinfo<YYYYMMDD>.txt"
	}
	unit, date := base[:at], base[at+len(middle):]
	if day, number, isSupplement := strings.Cut(date, ".supplement-"); isSupplement && digits(number) {
		date = day // what came late, in a file of its own
	}
	if unit == "" || len(unit) > maxUnitID || !alphanumeric(unit) {
		return n, "before clientinfo: want 1 to 10 digits and letters"
	}
	day, err := calendar.ParseTradingDay(date)
	if err != nil {
		return n, "after clientinfo: want a date as YYYYMMDD"
	}
	return name{unit, day}, ""
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i]
		digit, upper, lower := '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z'
		if !digit && !upper && !lower {
			return false
		}
	}
	return true
}

// judgeName judges the file's name and finds the window of its day.
func judgeName(o *Options, f *findings) (name, Window) {
	n, problem := parseName(o.Path)
	if problem != "" {
		f.add(FileName, 0, problem)
		return n, Window{}
	}
	if o.UnitID != "" && n.unit != o.UnitID {
		f.add(FileUnit, 0, "the name says "+n.unit+", want "+o.UnitID)
	}
	// Sure without a calendar: the window of a day ends on it at 15:30.
	win := Window{End: n.day.Date().Add(15*time.Hour + 30*time.Minute)}
	if o.Calendar == nil {
		return n, win
	}
	start, end, err := o.Calendar.Window(n.day)
	if err != nil {
		f.add(FileDay, 0, err.Error())
		return n, win
	}
	return n, Window{start, end}
}
