package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
)

// The overview is held against the same file's answers day by day, and against months
// that were counted by hand from the notice.
func TestYears(t *testing.T) {
	cal, err := Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	years := cal.Years()
	if len(years) != 2 || years[0].Year != 2026 || years[0].Provisional || !years[1].Provisional {
		t.Fatalf("%+v", years)
	}
	for _, y := range years {
		total := 0
		for _, m := range y.Months {
			for i, kind := range m.Days {
				day := TradingDay(y.Year*10000 + int(m.Month)*100 + i + 1)
				if cal.IsTradingDay(day) != (kind == Trading) {
					t.Errorf("%s is %c", day, kind)
				}
				if kind == Trading {
					total++
				}
			}
		}
		if got := y.TradingDays(); got != total {
			t.Errorf("%d: %d trading days, counted %d", y.Year, got, total)
		}
	}
	for month, want := range map[time.Month]string{
		time.January:  "XX-w.....--.....--.....--.....-", // 1 and 2 closed, 4 made up
		time.February: "-.....--.....w-XXXXX--X....w",
		time.October:  "XXXXXXX..w-.....--.....--.....-",
	} {
		var got strings.Builder
		for i, k := range years[0].Months[month-1].Days {
			// In the notice's holidays weekends are closed as weekends.
			if k == Weekend && month == time.October && i < 7 {
				k = Closed
			}
			got.WriteByte(byte(k))
		}
		if got.String() != want {
			t.Errorf("%s: %s, want %s", month, got.String(), want)
		}
	}
}
