package loadtest

import (
	"math"
	"time"
)

// schedule says when each visit of an open loop is due: at a constant rate, which a ramp reaches by a straight line from zero.
type schedule struct {
	rate float64
	ramp float64 // seconds
}

// inRamp is how many visits are due during the ramp: the area of a triangle.
func (s schedule) inRamp() float64 { return s.rate * s.ramp / 2 }

// due is when visit i of the whole is due, after the beginning.
func (s schedule) due(i int) time.Duration {
	n, inRamp := float64(i), s.inRamp()
	at := s.ramp + (n-inRamp)/s.rate
	if n < inRamp {
		at = math.Sqrt(2 * n * s.ramp / s.rate)
	}
	return time.Duration(at * float64(time.Second))
}
