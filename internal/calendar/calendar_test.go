package calendar

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/regulation"
)

func sample(t testing.TB) *Calendar {
	t.Helper()
	c, err := Load("../../configs/calendar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", s, regulation.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestTradingDayOf(t *testing.T) {
	c := sample(t)
	for _, x := range []struct {
		at          string
		want        TradingDay
		provisional bool
	}{
		// The boundary, on a Wednesday.
		{"2026-01-07 15:29:59", 20260107, false},
		{"2026-01-07 15:29:59.999999999", 20260107, false},
		{"2026-01-07 15:30:00", 20260108, false},
		{"2026-01-07 15:30:00.000000001", 20260108, false},
		{"2026-01-07 00:00:00", 20260107, false},
		{"2026-01-07 23:59:59.999999999", 20260108, false},

		// A weekend belongs to Monday: Friday's night session too.
		{"2026-01-09 15:30:00", 20260112, false},
		{"2026-01-09 21:00:00", 20260112, false},
		{"2026-01-10 00:30:00", 20260112, false},
		{"2026-01-10 15:30:00", 20260112, false},
		{"2026-01-11 23:00:00", 20260112, false},
		{"2026-01-12 15:29:59", 20260112, false},

		// A make-up working weekend is no trading day.
		{"2026-01-04 10:00:00", 20260105, false},
		{"2026-02-14 10:00:00", 20260224, false},
		{"2026-02-28 10:00:00", 20260302, false},
		{"2026-05-09 10:00:00", 20260511, false},
		{"2026-09-20 10:00:00", 20260921, false},
		{"2026-10-10 10:00:00", 20261012, false},

		// Spring Festival: from the eve's close on, every day of it.
		{"2026-02-13 15:29:59", 20260213, false},
		{"2026-02-13 15:30:00", 20260224, false},
		{"2026-02-15 09:00:00", 20260224, false},
		{"2026-02-16 16:00:00", 20260224, false},
		{"2026-02-17 09:00:00", 20260224, false},
		{"2026-02-23 23:59:59", 20260224, false},
		{"2026-02-24 15:29:59", 20260224, false},
		{"2026-02-24 15:30:00", 20260225, false},

		// National Day and the others.
		{"2026-09-30 15:30:00", 20261008, false},
		{"2026-10-07 15:30:00", 20261008, false},
		{"2026-04-03 15:30:00", 20260407, false},
		{"2026-04-30 15:30:00", 20260506, false},
		{"2026-06-18 15:30:00", 20260622, false},
		{"2026-09-24 15:30:00", 20260928, false},

		// Year ends. 2027 is a guess, so what rests on it is provisional.
		{"2026-01-01 10:00:00", 20260105, false},
		{"2026-12-31 15:29:59", 20261231, false},
		{"2026-12-31 15:30:00", 20270104, true},
		{"2027-02-04 15:30:00", 20270212, true},

		// Past the horizon, and before the file: every weekday.
		{"2027-12-31 15:29:59", 20271231, true},
		{"2027-12-31 15:30:00", 20280103, true},
		{"2028-10-01 10:00:00", 20281002, true},
		{"2025-10-01 10:00:00", 20251001, true},
		{"2025-12-31 15:29:59", 20251231, true},
		{"2025-12-31 15:30:00", 20260105, false}, // every day looked at is known
		{"1969-12-31 23:59:59", 19700101, true},
		{"1969-12-31 08:00:00", 19691231, true},
	} {
		got, provisional := c.TradingDayOf(at(t, x.at))
		if got != x.want || provisional != x.provisional {
			t.Errorf("%s belongs to %s, provisional %v; want %s, %v", x.at, got, provisional, x.want, x.provisional)
		}
	}
}

// The zone of the argument must not matter.
func TestTradingDayOfAnyZone(t *testing.T) {
	c := sample(t)
	want, _ := c.TradingDayOf(at(t, "2026-01-09 15:30:00"))
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("", -11*3600), time.FixedZone("", 14*3600)} {
		if got, _ := c.TradingDayOf(at(t, "2026-01-09 15:30:00").In(zone)); got != want {
			t.Errorf("in %v: %s, want %s", zone, got, want)
		}
	}
}

// The number of trading days of 2026 by this notice: 261 weekdays less the 19 that are closed.
func TestTradingDaysOf2026(t *testing.T) {
	c := sample(t)
	n := 0
	for d := c.Next(20251231); d < 20270101; d = c.Next(d) {
		n++
	}
	if n != 242 {
		t.Errorf("%d trading days, want 242", n)
	}
}

func TestWindow(t *testing.T) {
	c := sample(t)
	for day, want := range map[TradingDay][2]string{
		20260108: {"2026-01-07 15:30:00", "2026-01-08 15:30:00"},
		20260112: {"2026-01-09 15:30:00", "2026-01-12 15:30:00"},
		20260224: {"2026-02-13 15:30:00", "2026-02-24 15:30:00"},
		20280103: {"2027-12-31 15:30:00", "2028-01-03 15:30:00"},
	} {
		start, end, err := c.Window(day)
		if err != nil || !start.Equal(at(t, want[0])) || !end.Equal(at(t, want[1])) {
			t.Errorf("%s is [%v, %v), %v; want %v", day, start, end, err, want)
		}
	}
}

func TestWindowOfNoTradingDay(t *testing.T) {
	c := sample(t)
	for day, meant := range map[TradingDay]TradingDay{20260110: 20260112, 20260217: 20260224, 20260214: 20260224, 20271001: 20271008} {
		_, _, err := c.Window(day)
		var not *NotTradingDayError
		if !errors.As(err, &not) || not.Next != meant || !strings.Contains(err.Error(), meant.String()) {
			t.Errorf("%s: %v, want an error that names %s", day, err, meant)
		}
	}
	for _, day := range []TradingDay{0, -1, 20260230, 20261301, 20260100} {
		if _, _, err := c.Window(day); err == nil || !strings.Contains(err.Error(), "not a date") {
			t.Errorf("%d: %v", day, err)
		}
		if c.IsTradingDay(day) {
			t.Errorf("%d is a trading day", day)
		}
	}
}

func TestNextAndPrev(t *testing.T) {
	c := sample(t)
	for _, x := range []struct{ day, next, prev TradingDay }{
		{20260108, 20260109, 20260107},
		{20260109, 20260112, 20260108},
		{20260110, 20260112, 20260109},
		{20260213, 20260224, 20260212},
		{20260224, 20260225, 20260213},
		{20261231, 20270104, 20261230},
		{20280101, 20280103, 20271231},
	} {
		if next, prev := c.Next(x.day), c.Prev(x.day); next != x.next || prev != x.prev {
			t.Errorf("%s: next %s, prev %s; want %s, %s", x.day, next, prev, x.next, x.prev)
		}
	}
}

// Every instant belongs to the window of exactly one day, and both functions agree; the
// windows touch.
func TestWindowsPartitionTime(t *testing.T) {
	c := sample(t)
	from, to := at(t, "2024-01-01 00:00:00").UnixNano(), at(t, "2030-01-01 00:00:00").UnixNano()
	rapid.Check(t, func(t *rapid.T) {
		moment := time.Unix(0, rapid.Int64Range(from, to).Draw(t, "ns"))
		if rapid.Bool().Draw(t, "at the boundary") {
			moment = DayOf(moment).closing().Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "off")))
		}
		day, _ := c.TradingDayOf(moment)
		start, end, err := c.Window(day)
		if err != nil || moment.Before(start) || !moment.Before(end) {
			t.Fatalf("%v belongs to %s, whose window is [%v, %v), %v", moment, day, start, end, err)
		}
		_, nextEnd, err := c.Window(c.Next(day))
		nextStart, _, _ := c.Window(c.Next(day))
		if err != nil || !nextStart.Equal(end) || !nextEnd.After(nextStart) {
			t.Fatalf("%s ends %v, the next begins %v, %v", day, end, nextStart, err)
		}
		if last, _ := c.TradingDayOf(end.Add(-1)); last != day {
			t.Fatalf("the end of %s belongs to %s", day, last)
		}
		if c.Prev(c.Next(day)) != day || !c.IsTradingDay(day) {
			t.Fatalf("%s is not the day before the next", day)
		}
	})
}

func TestDayNumbersMatchTheTimePackage(t *testing.T) {
	for n := dayNumber(-800); n < 60000; n++ {
		day := n.day()
		if day.number() != n {
			t.Fatalf("%s is day %d, want %d", day, day.number(), n)
		}
		w := day.Date().Weekday()
		if n.weekend() != (w == time.Saturday || w == time.Sunday) {
			t.Fatalf("%s is a %v", day, w)
		}
	}
}

func TestHorizonAndWarnings(t *testing.T) {
	c := sample(t)
	if c.Horizon() != 20271231 || !slices.Equal(c.ProvisionalYears(), []int{2027}) {
		t.Errorf("horizon %s, provisional %v", c.Horizon(), c.ProvisionalYears())
	}
	for now, want := range map[string][]string{
		"2026-06-01 00:00:00": nil,
		"2026-12-10 23:59:59": nil,
		"2026-12-11 00:00:00": {"calendar of 2027 is provisional"},
		"2027-06-01 00:00:00": {"calendar of 2027 is provisional"},
		"2027-11-02 00:00:00": {"ends on 20271231, in 60 days", "calendar of 2027 is provisional"},
		"2027-12-31 23:59:59": {"ends on 20271231, in 0 days", "calendar of 2027 is provisional"},
		"2028-01-01 00:00:00": {"ended on 20271231"},
		"2025-12-31 23:59:59": {"begins only on 20260101"},
	} {
		got := c.Warnings(at(t, now))
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %q", now, got, want)
			continue
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: %q, want %q", now, got[i], want[i])
			}
		}
	}
}

func TestTradingDayOfDoesNotAllocate(t *testing.T) {
	c, now := sample(t), at(t, "2026-02-13 15:30:00")
	if n := testing.AllocsPerRun(100, func() { c.TradingDayOf(now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTradingDayOf(b *testing.B) {
	c := sample(b)
	for name, now := range map[string]time.Time{"ordinary": at(b, "2026-01-07 10:00:00"), "festival": at(b, "2026-02-13 15:30:00")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.TradingDayOf(now)
			}
		})
	}
}
