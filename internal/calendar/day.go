package calendar

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// TradingDay is a day of the exchanges as the number YYYYMMDD, the form in which it
// is used in file names, on the wire and in tables.
type TradingDay int32

// ParseTradingDay reads YYYYMMDD. It checks that there is such a date, not that the
// exchanges are open on it: a Calendar knows that.
func ParseTradingDay(s string) (TradingDay, error) {
	t, err := time.ParseInLocation("20060102", s, regulation.Zone)
	if err != nil || len(s) != 8 {
		return 0, fmt.Errorf("%q is not a day: want YYYYMMDD, for example 20260105", s)
	}
	return DayOf(t), nil
}

// DayOf is the natural day of t in UTC+8 as a TradingDay.
func DayOf(t time.Time) TradingDay {
	y, m, d := t.In(regulation.Zone).Date()
	return TradingDay(y*10000 + int(m)*100 + d)
}

// Date is midnight, UTC+8, at the start of the natural day d.
func (d TradingDay) Date() time.Time {
	return time.Date(int(d)/10000, time.Month(int(d)/100%100), int(d)%100, 0, 0, 0, 0, regulation.Zone)
}

// String is YYYYMMDD.
func (d TradingDay) String() string {
	if d >= 1000_01_01 { // each day that is one
		return strconv.Itoa(int(d))
	}
	return fmt.Sprintf("%08d", int32(d))
}
