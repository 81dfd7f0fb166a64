package calendar

import (
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// DayKind is what the file makes of a natural day.
type DayKind byte

// The kinds of days, as the letters of an overview.
const (
	Trading       DayKind = '.'
	Closed        DayKind = 'X' // a weekday on which the exchanges are closed
	Weekend       DayKind = '-'
	WorkedWeekend DayKind = 'w' // made up for a holiday; the exchanges are closed
)

// Year is one year of the file at a glance.
type Year struct {
	Year        int
	Provisional bool
	Months      [12]Month
}

// TradingDays is how many days of the year the exchanges trade.
func (y *Year) TradingDays() (n int) {
	for i := range y.Months {
		n += y.Months[i].TradingDays()
	}
	return n
}

// Month is the kinds of its days in their order, 28 to 31.
type Month struct {
	Month time.Month
	Days  []DayKind
}

// TradingDays is how many days of the month the exchanges trade.
func (m *Month) TradingDays() (n int) {
	for _, k := range m.Days {
		if k == Trading {
			n++
		}
	}
	return n
}

// Years are the years of the file, ascending.
func (c *Calendar) Years() []Year {
	var years []Year
	for year := int(c.first.day()) / 10000; year <= int(c.Horizon())/10000; year++ {
		y := Year{Year: year, Provisional: slices.Contains(c.provisional, year)}
		for i := range y.Months {
			y.Months[i] = c.month(year, time.Month(i+1))
		}
		years = append(years, y)
	}
	return years
}

func (c *Calendar) month(year int, month time.Month) Month {
	m := Month{Month: month}
	for d := time.Date(year, month, 1, 0, 0, 0, 0, regulation.Zone); d.Month() == month; d = d.AddDate(0, 0, 1) {
		n, _ := split(d)
		m.Days = append(m.Days, c.kindOf(n))
	}
	return m
}

func (c *Calendar) kindOf(n dayNumber) DayKind {
	k := c.kind(n)
	switch {
	case k&open != 0:
		return Trading
	case k&worked != 0:
		return WorkedWeekend
	case n.weekend():
		return Weekend
	}
	return Closed
}
