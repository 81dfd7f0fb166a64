package settlement

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// A clock that is wrong by more than the way of the answer explains keeps back the days in which its front ran.
func TestClockObstacles(t *testing.T) {
	start, end, err := sampleCalendar(t).Window(day)
	if err != nil {
		t.Fatal(err)
	}
	in := start.Add(time.Hour)
	for name, c := range map[string]struct {
		offset, wide  time.Duration
		started, seen time.Time
		want          string // "" for no obstacle
	}{
		"right":                       {0, 0, in, in, ""},
		"within the bound":            {ClockBound - 1, 0, in, in, ""},
		"five hours before":           {5 * time.Hour, 0, in, in, "is 5h0m0s ahead of PostgreSQL's"},
		"behind":                      {-ClockBound, 0, in, in, "is 1m0s behind PostgreSQL's"},
		"a slow answer, not a clock":  {ClockBound, 30 * time.Second, in, in, ""},
		"not seen since":              {5 * time.Hour, 0, start.Add(-time.Hour), start.Add(-time.Minute), ""},
		"started after, by its clock": {-5 * time.Hour, 0, end.Add(-4 * time.Hour), end.Add(2 * time.Hour), ""},
	} {
		f := store.Front{FrontReport: store.FrontReport{FrontID: 7, Started: c.started, ClockOffset: c.offset, ClockError: c.wide}, Seen: c.seen}
		got := clockObstacles([]store.Front{f}, day, start, end)
		switch {
		case c.want == "" && len(got) == 0:
		case c.want != "" && len(got) == 1 && got[0].Kind == store.FrontClock && strings.Contains(got[0].String(), c.want):
		default:
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}
