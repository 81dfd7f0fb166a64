package timing

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noisy is a kind that takes base, and now and then much longer, as machines do; drift falls
// on all kinds of a round.
func noisy(name string, random *rand.Rand, base time.Duration) Kind {
	return Kind{name, func(round int) time.Duration {
		d := base + time.Duration(random.ExpFloat64()*float64(20*time.Microsecond)) + time.Duration(round/100)*time.Microsecond
		if random.IntN(50) == 0 {
			d += time.Millisecond
		}
		return d
	}}
}

func TestMedian(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 9), func(n int) time.Duration { return time.Duration(n) }), 1, 30).Draw(t, "times")
		if got, want := median(times), slices.Sorted(slices.Values(times))[len(times)/2]; got != want {
			t.Fatalf("%v: %v, want %v", times, got, want)
		}
	})
}

// Equal kinds never leak; kinds that differ by twice the effect always do. Simulated times,
// 4 runs of each, so that the method itself is tested and not this machine.
func TestMethod(t *testing.T) {
	plan := Plan{Rounds: 200, Effect: 0.05, Attempts: 3}
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		equal := noisy("equal", random, 100*time.Microsecond)
		slower := noisy("slower", random, 112*time.Microsecond)
		slightly := noisy("slightly slower", random, 101*time.Microsecond)
		leaks, all := plan.Leaks(seed, noisy("first", random, 100*time.Microsecond), equal, slower, slightly)
		if len(leaks) != 1 || leaks[0].B != "slower" || len(all) != 3 {
			t.Errorf("seed %d: %v of %v", seed, leaks, all)
		}
	}
}

// Under the hypothesis of no difference, p is small only as often as it should be.
func TestFalseAlarms(t *testing.T) {
	const runs, level = 200, 0.05
	alarms := 0
	for seed := range uint64(runs) {
		random := rand.New(rand.NewPCG(seed, 2))
		a, b := noisy("a", random, 100*time.Microsecond), noisy("b", random, 100*time.Microsecond)
		var x, y []time.Duration
		for round := range 50 {
			x, y = append(x, a.Measure(round)), append(y, b.Measure(round))
		}
		if compare(random, "a", "b", x, y).P < level {
			alarms++
		}
	}
	if limit := 2 * level * runs; float64(alarms) > limit {
		t.Errorf("%d of %d equal pairs have p < %v, want at most about %v", alarms, runs, level, level*runs)
	}
	t.Logf("%d of %d equal pairs have p < %v", alarms, runs, level)
}
