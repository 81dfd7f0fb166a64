package page

import (
	"math"
	"strconv"
)

// axis places values of one dimension on a line of the drawing.
type axis struct {
	low, high float64 // the values at its ends
	from, to  float64 // where its ends are drawn
	log       bool
	ticks     []float64
}

// at is where v is drawn; what lies outside is drawn at the end.
func (a *axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log10(math.Max(v, low)), math.Log10(low), math.Log10(high)
	}
	share := (v - low) / (high - low)
	return a.from + math.Min(math.Max(share, 0), 1)*(a.to-a.from)
}

// steps are what ticks of a linear axis may be apart, times a power of ten.
var steps = []float64{1, 2, 5, 10}

// linear is an axis from 0 to the first tick that is not below most, with about n ticks.
func linear(most float64, n int) axis {
	step := nice(most / float64(n))
	a := axis{high: step}
	for a.high < most {
		a.high += step
	}
	for v := 0.0; v < a.high+step/2; v += step {
		a.ticks = append(a.ticks, clean(v))
	}
	return a
}

// nice is the least of steps that is not below v. Of no value at all it is 1: nothing that is counted comes in parts.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, s := range steps {
		if s*power >= v*(1-1e-9) {
			return s * power
		}
	}
	return 10 * power
}

// logarithmic is an axis whose ends are of 1, 2 or 5 times a power of ten around the values. One value is drawn between two ticks.
func logarithmic(least, most float64) axis {
	a := axis{log: true, low: beside(least, false), high: beside(most, true)}
	if a.low == a.high {
		a.high = beside(a.high*1.01, true)
	}
	decades := math.Log10(a.high / a.low)
	for power := math.Pow(10, math.Floor(math.Log10(a.low))); power <= a.high; power *= 10 {
		for _, s := range steps[:3] {
			v := clean(s * power)
			if v < a.low*(1-1e-9) || v > a.high*(1+1e-9) || decades > 3 && s != 1 {
				continue
			}
			a.ticks = append(a.ticks, v)
		}
	}
	return a
}

// beside is the next of 1, 2 or 5 times a power of ten, above or below v, or v itself if it is one.
func beside(v float64, above bool) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	last := power
	for _, s := range steps {
		at := clean(s * power)
		if above && at >= v*(1-1e-9) {
			return at
		}
		if at <= v*(1+1e-9) {
			last = at
		}
	}
	return last
}

// clean takes away what binary fractions add: 0.30000000000000004 is no label.
func clean(v float64) float64 {
	c, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return c
}
