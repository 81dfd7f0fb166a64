package page

import (
	"fmt"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

func TestLinearAxis(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		most float64
		want string
	}{
		{0, "[0 1]"},
		{1, "[0 0.2 0.4 0.6 0.8 1]"},
		{3, "[0 1 2 3]"},
		{99, "[0 20 40 60 80 100]"},
		{1000, "[0 200 400 600 800 1000]"},
		{1001, "[0 500 1000 1500]"},
		{48211, "[0 10000 20000 30000 40000 50000]"},
	} {
		a := linear(test.most, 5)
		if got := fmt.Sprint(a.ticks); got != test.want || a.high < test.most || a.high != a.ticks[len(a.ticks)-1] {
			t.Errorf("%v: %s to %v, want %s", test.most, got, a.high, test.want)
		}
	}
}

func TestLogarithmicAxis(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		least, most float64
		want        string
	}{
		{1, 1, "[1 2]"},
		{0.3, 0.3, "[0.2 0.5]"},
		{5, 5, "[5 10]"},
		{0.15, 12, "[0.1 0.2 0.5 1 2 5 10 20]"},
		{0.001, 70000, "[0.001 0.01 0.1 1 10 100 1000 10000 100000]"},
		{9, 11, "[5 10 20]"},
	} {
		a := logarithmic(test.least, test.most)
		if got := fmt.Sprint(a.ticks); got != test.want || a.low > test.least || a.high < test.most || a.low >= a.high {
			t.Errorf("%v to %v: %s, %v to %v, want %s", test.least, test.most, got, a.low, a.high, test.want)
		}
	}
}

// TestAxisKeepsInside: a value outside is drawn at the end, and one between two ticks between them.
func TestAxisKeepsInside(t *testing.T) {
	t.Parallel()
	a := logarithmic(1, 100)
	a.from, a.to = 200, 0
	for v, want := range map[float64]float64{0: 200, 0.5: 200, 1: 200, 10: 100, 100: 0, 1e9: 0} {
		if got := a.at(v); got != want {
			t.Errorf("%v is at %v, want %v", v, got, want)
		}
	}
}

func TestPercentilesAreLabelled(t *testing.T) {
	t.Parallel()
	x := axis{ticks: percentileTicks(5.2)}
	got := ""
	for _, v := range x.ticks {
		got += percentileLabel(v) + " "
	}
	if want := "0% 50% 90% 99% 99.9% 99.99% 99.999% "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestBuckets: what does not fit is put together, and nothing of it is lost; rates are means, percentiles the greatest.
func TestBuckets(t *testing.T) {
	t.Parallel()
	var seconds []result.Second
	for range maxBuckets + 1 {
		seconds = append(seconds, result.Second{Begun: 10, LoggedIn: 4, Errors: 6, Requests: 2, P50: 1, P99: 3})
	}
	seconds[1].P99, seconds[1].LoggedIn = 50, 8
	seconds[2], seconds[3] = result.Second{}, result.Second{}
	b := bucketsOf(seconds)
	if b.each != 2 || len(b.begun) != maxBuckets/2+1 || b.loggedIn[0] != 6 || b.p99[0] != 50 || b.p99[1] != -1 || b.loggedIn[1] != 0 ||
		b.begun[maxBuckets/2] != 10 || b.requests[0] != 2 || b.errors[0] != 6 {
		t.Errorf("%v seconds each, %d: logged in %v, p99 %v", b.each, len(b.begun), b.loggedIn[:2], b.p99[:2])
	}
	if one := bucketsOf(seconds[:maxBuckets]); one.each != 1 || len(one.begun) != maxBuckets {
		t.Errorf("%v seconds each, %d", one.each, len(one.begun))
	}
}

func TestStairsLeaveGaps(t *testing.T) {
	t.Parallel()
	x, y := axis{high: 4, to: 40}, axis{high: 10, from: 100}
	for _, test := range []struct {
		values []float64
		want   string
	}{
		{[]float64{1, 1, 2, 3}, "M0.0 90.0H10.0H20.0V80.0H30.0V70.0H40.0"},
		{[]float64{-1, 5, -1, 10}, "M10.0 50.0H20.0M30.0 0.0H40.0"},
		{nil, ""},
	} {
		if got := stairs(&x, &y, 1, test.values); got != test.want {
			t.Errorf("%v: %s, want %s", test.values, got, test.want)
		}
	}
	if got := area(&x, &y, 2, []float64{5, 0}); got != "M0.0 50.0H20.0V100.0H40.0V100.0H0.0Z" {
		t.Error(got)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]string{0.001: "1 µs", 0.5: "500 µs", 1: "1 ms", 1.234: "1.23 ms", 45.678: "45.7 ms", 999: "999 ms", 20594.7: "20.6 s", 600000: "600 s"} {
		if got := duration(ms); got != want {
			t.Errorf("%v ms is %s, want %s", ms, got, want)
		}
	}
	for ms, want := range map[float64]string{0.0012: "0.001", 1.236: "1.24", 12.36: "12.4", 123.6: "124", 20594.7: "20,595"} {
		if got := digits(ms); got != want {
			t.Errorf("%v is %s, want %s", ms, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 2: "2", 0.0725: "0.0725", 10.94: "10.9", 480.4: "480", 12345: "12,345"} {
		if got := number(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 120: "120", 175.231: "175.231", 12345.5: "12,345.5", 1.99999: "1.99999"} {
		if got := exact(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}
