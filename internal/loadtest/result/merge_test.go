package result

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestMergeOfSecondsIsByTheClock: two generators that began three seconds apart, in either order; what was open is counted at one time.
func TestMergeOfSecondsIsByTheClock(t *testing.T) {
	for _, lateFirst := range []bool{true, false} {
		early, late := ran(1), ran(1)
		early.ElapsedS, early.Counts.MostOpen, early.Seconds = 5, 40, []Second{{Open: 40}, {Open: 40}, {Open: 30}, {Open: 20, LoggedIn: 4}, {Open: 10}}
		late.Began, late.Counts.MostOpen, late.Seconds = late.Began.Add(3100*time.Millisecond), 25, []Second{{Open: 25, LoggedIn: 6}, {Open: 5}}
		one, other := early, late
		if lateFirst {
			one, other = late, early
		}
		if err := one.Merge(other); err != nil {
			t.Fatal(err)
		}
		if len(one.Seconds) != 5 || one.Seconds[3].LoggedIn != 10 || one.Seconds[3].Open != 45 || one.Seconds[0].Open != 40 || one.Seconds[4].Open != 15 ||
			one.Counts.MostOpen != 45 {
			t.Errorf("late first %v: %+v, most open %d", lateFirst, one.Seconds, one.Counts.MostOpen)
		}
	}
}

// TestMergeNamesEachMachine once, and refuses what was measured of another configuration or against another peak.
func TestMergeNamesEachMachine(t *testing.T) {
	all := ran(1)
	all.Host.Name, all.Version = "a", "1"
	for _, m := range []Machine{{Host{Name: "a"}, "1"}, {Host{Name: "b"}, "1"}, {Host{Name: "b"}, "1"}, {Host{Name: "b"}, "2"}} {
		other := ran(1)
		other.Host, other.Version, other.ConfigHash, other.Peak, other.CPU = m.Host, m.Version, "h", 7, 0.5
		if err := all.Merge(other); err != nil {
			t.Fatal(err)
		}
	}
	if got := all.Machines(); len(got) != 3 || got[1].Host.Name != "b" || got[2].Version != "2" || all.ConfigHash != "h" || all.Peak != 7 || all.CPU != 0.5 {
		t.Errorf("%+v, configuration %q, peak %v", got, all.ConfigHash, all.Peak)
	}
	for want, change := range map[string]func(*Result){
		"configuration h":        func(r *Result) { r.ConfigHash = "i" },
		"historical peak is 7":   func(r *Result) { r.Peak = 8 },
		"ended when the other b": func(r *Result) { r.Began = r.Began.Add(time.Hour) },
	} {
		other := ran(1)
		if change(other); true {
			if err := all.Merge(other); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
}

// TestTwiceThePeakHolds: of a front that answers each visit of twice the peak, also with the latency of the last answer; not of one that
// lags, nor of one that refuses.
func TestTwiceThePeakHolds(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*FullRate)
		want   string
	}{
		"in time":                     {func(*FullRate) {}, "2.00"},
		"the last answer after 50 ms": {func(f *FullRate) { f.UntilS += 0.05 }, "2.00"},
		"a backlog of 3 s at the end": {func(f *FullRate) { f.UntilS += 3 }, "1.98"},
		"one was refused":             {func(f *FullRate) { f.LoggedIn-- }, "1.99"},
	} {
		whole := ran(1)
		for g := range 3 { // generators that share it
			r := ran(1)
			r.Full = &FullRate{Rate: 960.0 / 3, Planned: 96_000, LoggedIn: 96_000, FromS: 30, UntilS: 30 + float64(3*95_999+g)/960}
			if g == 0 {
				whole = r
				continue
			}
			if err := whole.Merge(r); err != nil {
				t.Fatal(err)
			}
		}
		whole.ElapsedS = whole.Full.UntilS // with the ramp, which does not count
		test.change(whole.Full)
		whole.Compare(480)
		all, err := ParseAssertions([]string{"multiple>=2"})
		if err != nil {
			t.Fatal(err)
		}
		if whole.Judge(all); whole.MultipleText() != test.want || whole.Good != (test.want == "2.00") {
			t.Errorf("%s: %v times the peak, good %v, want %s", name, whole.Multiple, whole.Good, test.want)
		}
	}
	closed := ran(100)
	if closed.Compare(25); math.Abs(closed.Multiple-2) > 1e-9 {
		t.Errorf("a closed loop of 50 a second: %v times 25", closed.Multiple)
	}
}

// TestGeneratorsThatHoldSessionsAreOneRun: the logins of the one were over when the other began, and both went on for a minute. The rate
// is of the logins, and results of an earlier program are put together too.
func TestGeneratorsThatHoldSessionsAreOneRun(t *testing.T) {
	t.Parallel()
	for _, lasted := range []float64{59.5, 0} {
		for _, lateFirst := range []bool{true, false} {
			early, late := ran(10), ran(10)
			for _, r := range []*Result{early, late} {
				r.ElapsedS, r.LastedS, r.Seconds, r.Requests = 2, lasted, make([]Second, 60), NewRequests(0)
			}
			late.Began = late.Began.Add(5 * time.Second)
			one, other := early, late
			if lateFirst {
				one, other = late, early
			}
			if err := one.Merge(other); err != nil {
				t.Fatalf("lasted %v, late first %v: %v", lasted, lateFirst, err)
			}
			if got := one.Lasted(); got < 63.9 || got > 64.6 || one.ElapsedS != 7 {
				t.Errorf("lasted %v, late first %v: %v s, the logins %v s", lasted, lateFirst, got, one.ElapsedS)
			}
		}
	}
	ended, begun := ran(10), ran(10)
	ended.LastedS, begun.Began = 60, begun.Began.Add(61*time.Second)
	if err := ended.Merge(begun); err == nil {
		t.Error("one that had ended is the same run as one that began then")
	}
}

// TestTextSaysBothTimes where they differ: the rate is over the logins alone.
func TestTextSaysBothTimes(t *testing.T) {
	t.Parallel()
	for lasted, want := range map[float64]map[string]string{
		0:    {"en": "lasted  2.0 s\n", "zh": "历时  2.0 s\n"},
		62.5: {"en": "lasted  62.5 s, of which the logins took 2.0 s\n", "zh": "历时  62.5 s，其中登录 2.0 s\n"},
	} {
		for language, line := range want {
			r := ran(10)
			r.LastedS = lasted
			var b strings.Builder
			if r.Text(&b, language); !strings.Contains(b.String(), line) {
				t.Errorf("%q is not in\n%s", line, b.String())
			}
		}
	}
}
