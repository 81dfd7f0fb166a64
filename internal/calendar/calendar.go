package calendar

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Calendar has the trading days of the years in its file. It never changes after Parse
// and may be used from any number of goroutines.
type Calendar struct {
	first       dayNumber // 1 January of the first year
	days        []dayKind // one for each natural day from first on
	provisional []int     // years so marked, ascending
}

// dayKind is what the file has of one natural day.
type dayKind uint8

const (
	open   dayKind = 1 << iota // the exchanges trade
	sure                       // the year is not provisional
	worked                     // a weekend worked to make up for a holiday; closed all the same
)

// dayNumber counts natural days of UTC+8; 1 January 1970 is 0.
type dayNumber int64

const (
	secondsADay = 24 * 60 * 60
	// closeSecond is 15:30 as seconds after midnight, UTC+8.
	closeSecond = (15*60 + 30) * 60
	zoneSeconds = 8 * 60 * 60
)

// TradingDayOf is the trading day whose window holds t. provisional means that the answer
// rests on a day of a provisional year or outside the file, and may change when the
// exchanges' notice is out. Years 1 to 9999.
func (c *Calendar) TradingDayOf(t time.Time) (day TradingDay, provisional bool) {
	// The boundary is on a whole second, so the nanoseconds cannot decide.
	n, second := split(t)
	if second >= closeSecond {
		n++
	}
	n, certain := c.openFrom(n, 1)
	return n.day(), !certain
}

// Window is the half-open span [start, end) of the trading day. The error is a
// *NotTradingDayError, which has the day that the logins belong to, or means that there is no such date.
func (c *Calendar) Window(day TradingDay) (start, end time.Time, err error) {
	if !day.exists() {
		return start, end, fmt.Errorf("%s is not a date", day)
	}
	if !c.IsTradingDay(day) {
		return start, end, &NotTradingDayError{Day: day, Next: c.Next(day)}
	}
	return c.Prev(day).closing(), day.closing(), nil
}

// IsTradingDay reports whether the exchanges trade on that date.
func (c *Calendar) IsTradingDay(day TradingDay) bool {
	return day.exists() && c.kind(day.number())&open != 0
}

// Next is the first trading day after that date.
func (c *Calendar) Next(day TradingDay) TradingDay {
	n, _ := c.openFrom(day.number()+1, 1)
	return n.day()
}

// Prev is the last trading day before that date.
func (c *Calendar) Prev(day TradingDay) TradingDay {
	n, _ := c.openFrom(day.number()-1, -1)
	return n.day()
}

// Horizon is the last natural day that the file covers, 31 December of its last year.
// After it every weekday is taken for a trading day.
func (c *Calendar) Horizon() TradingDay {
	return (c.first + dayNumber(len(c.days)) - 1).day()
}

// NotTradingDayError means that the exchanges do not trade on Day, so that it has no window
// and no report. The logins of that date belong to Next.
type NotTradingDayError struct{ Day, Next TradingDay }

func (e *NotTradingDayError) Error() string {
	return fmt.Sprintf("%s is not a trading day: its logins belong to %s", e.Day, e.Next)
}

// openFrom is the first open day at or after n in direction step, and whether every day
// that was looked at is sure.
func (c *Calendar) openFrom(n, step dayNumber) (day dayNumber, certain bool) {
	certain = true
	for ; ; n += step {
		k := c.kind(n)
		certain = certain && k&sure != 0
		if k&open != 0 {
			return n, certain
		}
	}
}

func (c *Calendar) kind(n dayNumber) dayKind {
	if i := n - c.first; i >= 0 && i < dayNumber(len(c.days)) {
		return c.days[i]
	}
	if n.weekend() {
		return sure // no notice ever opens a weekend
	}
	return open
}

// split is the natural day and the second in it, UTC+8.
func split(t time.Time) (n dayNumber, second int64) {
	s := t.Unix() + zoneSeconds
	n = dayNumber(s / secondsADay)
	second = s % secondsADay
	if second < 0 { // Go divides towards zero; days before 1970 count downwards
		n, second = n-1, second+secondsADay
	}
	return n, second
}

// weekend: 1 January 1970 was a Thursday.
func (n dayNumber) weekend() bool {
	w := (n%7 + 7 + 4) % 7 // 0 is Sunday
	return w == 0 || w == 6
}

func (n dayNumber) day() TradingDay {
	return DayOf(time.Unix(int64(n)*secondsADay-zoneSeconds, 0))
}

func (d TradingDay) number() dayNumber {
	n, _ := split(d.Date())
	return n
}

func (d TradingDay) exists() bool { return d > 0 && DayOf(d.Date()) == d }

func (d TradingDay) closing() time.Time {
	return d.Date().Add(closeSecond * time.Second).In(regulation.Zone)
}
