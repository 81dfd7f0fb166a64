package timing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is one of several things that must take the same time.
type Kind struct {
	Name string
	// Measure does it once and returns how long it took; round counts from 0.
	Measure func(round int) time.Duration
}

// Plan is how much is measured, and what counts.
type Plan struct {
	Rounds   int
	Effect   float64 // share of the smaller median that a difference must exceed
	Attempts int     // runs in each of which a leak must show
}

// Permutations of one pair; with so many the smallest p that can be found is 1/2001.
const Permutations = 2000

const significant = 0.001

// Pair is what a run found of two kinds.
type Pair struct {
	A, B       string
	MedianA    time.Duration
	MedianB    time.Duration
	Difference float64 // of the medians, as a share of the smaller
	P          float64
}

func (p Pair) String() string {
	return fmt.Sprintf("%s %v, %s %v: %.2f %% apart, p = %.4f", p.A, p.MedianA, p.B, p.MedianB, 100*p.Difference, p.P)
}

// Leaks measures, and returns the pairs that leak; and of every pair what the last run found.
// Kinds[0] is compared with each other kind. Runs that are not needed are not made.
func (p Plan) Leaks(seed uint64, kinds ...Kind) (leaks, all []Pair) {
	random := rand.New(rand.NewPCG(seed, 0))
	suspects := make([]bool, len(kinds))
	for i := range suspects {
		suspects[i] = i > 0
	}
	for range p.Attempts {
		times := p.run(random, kinds)
		leaks, all = nil, nil
		for i := 1; i < len(kinds); i++ {
			pair := compare(random, kinds[0].Name, kinds[i].Name, times[0], times[i])
			suspects[i] = suspects[i] && pair.Difference > p.Effect && pair.P < significant
			if all = append(all, pair); suspects[i] {
				leaks = append(leaks, pair)
			}
		}
		if len(leaks) == 0 {
			break
		}
	}
	return leaks, all
}

// run is Rounds times each kind, in an order of its own each round.
func (p Plan) run(random *rand.Rand, kinds []Kind) [][]time.Duration {
	times := make([][]time.Duration, len(kinds))
	for round := range p.Rounds {
		for _, k := range random.Perm(len(kinds)) {
			times[k] = append(times[k], kinds[k].Measure(round))
		}
	}
	return times
}

func compare(random *rand.Rand, nameA, nameB string, a, b []time.Duration) Pair {
	pair := Pair{A: nameA, B: nameB, MedianA: median(a), MedianB: median(b)}
	apart := abs(pair.MedianA - pair.MedianB)
	pair.Difference = float64(apart) / float64(max(1, min(pair.MedianA, pair.MedianB)))
	x, y, asFar := slices.Clone(a), slices.Clone(b), 0
	for range Permutations {
		for i := range a {
			x[i], y[i] = a[i], b[i]
			if random.IntN(2) == 0 {
				x[i], y[i] = y[i], x[i]
			}
		}
		if abs(upperMedian(x)-upperMedian(y)) >= apart {
			asFar++
		}
	}
	pair.P = float64(asFar+1) / (Permutations + 1)
	return pair
}

// median leaves times as they are.
func median(times []time.Duration) time.Duration {
	return upperMedian(slices.Clone(times))
}

// upperMedian is the element in the middle; it puts times into another order (quickselect:
// some thousand medians are needed).
func upperMedian(times []time.Duration) time.Duration {
	middle := len(times) / 2
	for low, high := 0, len(times)-1; low < high; {
		pivot, i, j := times[(low+high)/2], low, high
		for i <= j {
			for times[i] < pivot {
				i++
			}
			for times[j] > pivot {
				j--
			}
			if i <= j {
				times[i], times[j] = times[j], times[i]
				i++
				j--
			}
		}
		switch {
		case middle <= j:
			high = j
		case middle >= i:
			low = i
		default:
			return times[middle]
		}
	}
	return times[middle]
}

func abs(d time.Duration) time.Duration { return max(d, -d) }
