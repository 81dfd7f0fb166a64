package site

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
)

// closeMargin is more than a test takes that wants all its logins on one trading day.
const closeMargin = 2 * time.Minute

// AwayFromTheClose waits while the running trading day ends within closeMargin: a test asks for the records of the day that it found, and
// the machine may run it at 15:29.
func AwayFromTheClose(t testing.TB) {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	day, _ := cal.TradingDayOf(time.Now())
	if _, end, err := cal.Window(day); err == nil && time.Until(end) < closeMargin {
		t.Logf("the trading day %s ends at %v: the test begins after that", day, end)
		time.Sleep(time.Until(end))
	}
}
