package link

import (
	"math/bits"

	"github.com/tradefront/tradefront/internal/ftd"
)

// flows is how far the flows of a session were delivered: up to ftd.MaxResumePoints; others are not known.
type flows struct{ points ftd.ResumePoints }

// note takes a delivered message.
func (f *flows) note(series uint16, number uint32) {
	if series == 0 {
		return
	}
	for i := range f.points.All() {
		if p := &f.points.Points[i]; p.Series == series {
			p.Number = int32(number)
			return
		}
	}
	if f.points.Count < ftd.MaxResumePoints {
		f.points.Points[f.points.Count] = ftd.Point{Series: series, Number: int32(number)}
		f.points.Count++
	}
}

// names reports whether a terminal asked for the series.
func names(asked *ftd.ResumePoints, series uint16) bool {
	for _, p := range asked.All() {
		if p.Series == series {
			return true
		}
	}
	return false
}

// maxWindow is how far the oldest dialog request that is remembered is behind the newest.
const maxWindow = 64

// window is the numbers of dialog requests that have no answer: those of the last maxWindow.
type window struct {
	first uint32 // the number of bit 0
	bits  uint64
}

// add takes a number that was passed. Numbers rise.
func (w *window) add(n uint32) {
	if w.bits == 0 {
		w.first = n
	}
	if n < w.first {
		return
	}
	if over := n - w.first; over >= maxWindow {
		shift := over - maxWindow + 1
		w.first += shift
		w.bits >>= min(shift, maxWindow)
	}
	w.bits |= 1 << (n - w.first)
}

// remove takes a number that was answered.
func (w *window) remove(n uint32) {
	if n >= w.first && n-w.first < maxWindow {
		w.bits &^= 1 << (n - w.first)
	}
}

// take empties the window into dst, lowest number first.
func (w *window) take(dst []uint32) []uint32 {
	for b := w.bits; b != 0; b &= b - 1 {
		dst = append(dst, w.first+uint32(bits.TrailingZeros64(b)))
	}
	w.bits = 0
	return dst
}
