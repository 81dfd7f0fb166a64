package calendar

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const head = "years:\n- year: 2026\n  provisional: false\n  source: notice\n  closed:\n"

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"empty", "", "the file is empty"},
		{"comment", "# x\n", "the file is empty"},
		{"no years", "years: []\n", "no years"},
		{"not UTF-8", "years: \xff", "the file is not valid UTF-8"},
		{"syntax", "years: [", "line 1: did not find expected node content"},
		{"two documents", head + "  - {from: 2026-01-01, to: 2026-01-01, name: a}\n---\nyears: []\n", "the file goes on after the first YAML document"},
		{"unknown key", head + "  - {from: 2026-01-01, to: 2026-01-01, name: a, till: 1}\n", "line 6: field till not found"},
		{"duplicate key", "years: []\nyears: []\n", `line 2: mapping key "years" already defined at line 1`},
		{"no list", "years: 3\n", "line 1: cannot unmarshal !!int `3` into []year"},
		{"nothing said", "years: [{year: 2026}]\n", "2026: say provisional: true or false; 2026: source is empty: name the notice the days come from; 2026: closed is empty: no year is without holidays"},
		{"year far off", "years: [{year: 26}]\n", "years[0]: year is 26, want 2000 to 2199"},
		{"no date", head + "  - {from: 2026-02-30, to: 20260301, name: a}\n", "2026, closed[0].from, line 6: want a date as 2026-01-31; 2026, closed[0].to, line 6: want a date as 2026-01-31"},
		{"date is a list", head + "  - {from: [1], to: 2026-01-01, name: a}\n", "2026, closed[0].from, line 6: want a date as 2026-01-31"},
		{"missing", head + "  - {from: 2026-01-01}\n", "2026, closed[0].to is missing; 2026, closed[0]: name is empty"},
		{"other year", head + "  - {from: 2026-12-31, to: 2027-01-01, name: a}\n", "2026, closed[0].to, line 6: 2027-01-01 is not in 2026"},
		{"backwards", head + "  - {from: 2026-01-02, to: 2026-01-01, name: a}\n", "2026, closed[0], line 6: to is before from"},
		{"too long", head + "  - {from: 2026-10-01, to: 2026-11-07, name: a}\n", "2026, closed[0], line 6: 38 days, at most 31 can be meant"},
		{"overlap", head + "  - {from: 2026-01-01, to: 2026-01-03, name: a}\n  - {from: 2026-01-03, to: 2026-01-05, name: b}\n", "2026, closed[1], line 7: begins at or before the end of the range before it: sort the ranges, and let none overlap"},
		{"unsorted", head + "  - {from: 2026-05-01, to: 2026-05-03, name: a}\n  - {from: 2026-01-03, to: 2026-01-05, name: b}\n", "2026, closed[1], line 7: begins at or before the end of the range before it: sort the ranges, and let none overlap"},
		{"gap", good(2026) + tail(2028), "2028 follows 2026: a year is missing"},
		{"year twice", good(2026) + tail(2026), "2026 appears twice"},
		{"years unsorted", good(2026) + tail(2025), "2025 comes after 2026: sort the years"},
		{"worked weekday", good(2026) + "  worked_weekends: [2026-01-05]\n", "2026, worked_weekends[0], line 7: 2026-01-05 is a Monday"},
		{"worked and closed", head + "  - {from: 2026-01-01, to: 2026-01-04, name: a}\n  worked_weekends: [2026-01-04]\n", "2026, worked_weekends[0], line 7: 2026-01-04 is closed as well"},
		{"worked twice", good(2026) + "  worked_weekends: [2026-02-28, 2026-02-28, 2026-02-14, x]\n", "2026, worked_weekends[1], line 7: appears twice or is not sorted; 2026, worked_weekends[2], line 7: appears twice or is not sorted; 2026, worked_weekends[3], line 7: want a date as 2026-01-31"},
		{"too large", "#" + strings.Repeat(" ", maxFile), "the file is longer than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.yaml))
			var problems Problems
			if !errors.As(err, &problems) || err.Error() != "calendar: "+c.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

func good(year int) string { return "years:\n" + tail(year) }

func tail(year int) string {
	y := itoa(year)
	return "- year: " + y + "\n  provisional: false\n  source: notice\n  closed:\n  - {from: " + y + "-01-01, to: \"" + y + "-01-01\", name: a}\n"
}

func itoa(year int) string { return TradingDay(year * 10000).String()[:4] }

func TestParseAccepts(t *testing.T) {
	c, err := Parse([]byte(good(2026) + tail(2027)))
	if err != nil {
		t.Fatal(err)
	}
	if c.IsTradingDay(20260101) || c.IsTradingDay(20270101) || !c.IsTradingDay(20260102) {
		t.Error("the closed days are not those of the file")
	}
	// A range of weekend days alone is what some notices have.
	if _, err := Parse([]byte(head + "  - {from: 2026-01-03, to: 2026-01-04, name: a}\n")); err != nil {
		t.Error(err)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// FuzzParse: any bytes are a calendar that answers, or problems in words.
func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("../../configs/calendar.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(good(2026)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		var problems Problems
		if err != nil {
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("%v", err)
			}
			return
		}
		day := c.Next(c.Horizon())
		if _, _, err := c.Window(day); err != nil || c.Prev(day) > c.Horizon() {
			t.Errorf("%s: %v", day, err)
		}
	})
}
