package calendar

import (
	"fmt"
	"slices"
	"time"
)

const (
	firstYear, lastYear = 2000, 2199
	// maxClosed is the longest closed range in days. The longest on record had 10.
	maxClosed = 31
)

// check judges the file as a whole. Years come first: within a year that makes no sense,
// nothing else would.
func (f *file) check() (p Problems) {
	if len(f.Years) == 0 {
		return Problems{"no years"}
	}
	for i := range f.Years {
		y := &f.Years[i]
		if y.Year < firstYear || y.Year > lastYear {
			p = append(p, fmt.Sprintf("years[%d]: year is %d, want %d to %d", i, y.Year, firstYear, lastYear))
			continue
		}
		if i > 0 {
			p = append(p, follows(f.Years[i-1].Year, y.Year)...)
		}
		p = append(p, y.check()...)
	}
	return p
}

func follows(before, year int) Problems {
	switch {
	case year == before:
		return Problems{fmt.Sprintf("%d appears twice", year)}
	case year < before:
		return Problems{fmt.Sprintf("%d comes after %d: sort the years", year, before)}
	case year > before+1:
		return Problems{fmt.Sprintf("%d follows %d: a year is missing", year, before)}
	}
	return nil
}

func (y *year) check() (p Problems) {
	if y.Provisional == nil {
		p = append(p, fmt.Sprintf("%d: say provisional: true or false", y.Year))
	}
	if y.Source == "" {
		p = append(p, fmt.Sprintf("%d: source is empty: name the notice the days come from", y.Year))
	}
	if len(y.Closed) == 0 {
		p = append(p, fmt.Sprintf("%d: closed is empty: no year is without holidays", y.Year))
	}
	var before TradingDay
	for i := range y.Closed {
		c := &y.Closed[i]
		where := fmt.Sprintf("%d, closed[%d]", y.Year, i)
		faults := c.check(where, y.Year, before)
		if len(faults) == 0 {
			before = c.To.day
		}
		p = append(p, faults...)
	}
	return append(p, y.checkWorked()...)
}

// check judges one range; before is the end of the one before it, 0 for none.
func (c *closed) check(where string, year int, before TradingDay) Problems {
	p := append(c.From.check(where+".from", year), c.To.check(where+".to", year)...)
	if c.Name == "" {
		p = append(p, where+": name is empty")
	}
	if len(p) > 0 {
		return p
	}
	switch days := c.To.day.number() - c.From.day.number() + 1; {
	case days < 1:
		return Problems{fmt.Sprintf("%s, line %d: to is before from", where, c.To.line)}
	case days > maxClosed:
		return Problems{fmt.Sprintf("%s, line %d: %d days, at most %d can be meant", where, c.To.line, days, maxClosed)}
	case c.From.day <= before:
		return Problems{fmt.Sprintf("%s, line %d: begins at or before the end of the range before it: sort the ranges, and let none overlap", where, c.From.line)}
	}
	return nil
}

func (d date) check(where string, year int) Problems {
	switch {
	case d.problem != "":
		return Problems{where + ", " + d.problem}
	case d.day == 0:
		return Problems{where + " is missing"}
	case int(d.day)/10000 != year:
		return Problems{fmt.Sprintf("%s, line %d: %s is not in %d", where, d.line, dashed(d.day), year)}
	}
	return nil
}

func (y *year) checkWorked() (p Problems) {
	var before TradingDay
	for i, d := range y.WorkedWeekends {
		where := fmt.Sprintf("%d, worked_weekends[%d]", y.Year, i)
		faults := d.check(where, y.Year)
		if len(faults) > 0 {
			p = append(p, faults...)
			continue
		}
		switch {
		case !d.day.number().weekend():
			p = append(p, fmt.Sprintf("%s, line %d: %s is a %s", where, d.line, dashed(d.day), d.day.Date().Weekday()))
		case d.day <= before:
			p = append(p, fmt.Sprintf("%s, line %d: appears twice or is not sorted", where, d.line))
		case slices.ContainsFunc(y.Closed, func(c closed) bool { return c.From.day <= d.day && d.day <= c.To.day }):
			p = append(p, fmt.Sprintf("%s, line %d: %s is closed as well", where, d.line, dashed(d.day)))
		}
		before = max(before, d.day)
	}
	return p
}

// build makes the table of days from a file that passed check.
func (f *file) build() *Calendar {
	january := func(year int) dayNumber {
		n, _ := split(time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC))
		return n
	}
	first := january(f.Years[0].Year)
	end := january(f.Years[len(f.Years)-1].Year + 1)
	c := &Calendar{first: first, days: make([]dayKind, end-first)}
	for _, y := range f.Years {
		certain := sure
		if *y.Provisional {
			certain = 0
			c.provisional = append(c.provisional, y.Year)
		}
		for n := january(y.Year); n < january(y.Year+1); n++ {
			c.days[n-first] = open | certain
			if n.weekend() {
				c.days[n-first] = sure // no notice ever opens a weekend
			}
		}
		for _, r := range y.Closed {
			for n := r.From.day.number(); n <= r.To.day.number(); n++ {
				c.days[n-first] &^= open
			}
		}
		for _, d := range y.WorkedWeekends {
			c.days[d.day.number()-first] |= worked
		}
	}
	return c
}
