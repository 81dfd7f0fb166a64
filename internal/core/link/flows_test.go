package link

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestWindow: it has the numbers that were passed and not answered, of the last maxWindow.
func TestWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var w window
		var model []uint32
		n := rapid.SampledFrom([]uint32{0, 1, 1 << 31, 1<<32 - 40_000}).Draw(t, "first")
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			switch {
			case rapid.Bool().Draw(t, "pass"):
				n += rapid.SampledFrom([]uint32{0, 1, 1, 1, 2, 63, 64, 65, 1000, maxWindow - 1, maxWindow, 3 * maxWindow}).Draw(t, "step")
				if n > 1<<32-20_000 {
					n = 1<<32 - 20_000
				}
				w.add(n)
				if !slices.Contains(model, n) {
					model = append(model, n)
				}
				model = slices.DeleteFunc(model, func(m uint32) bool { return n-m >= maxWindow })
			case len(model) > 0 && rapid.Bool().Draw(t, "known"):
				i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
				w.remove(model[i])
				model = slices.Delete(model, i, i+1)
			default:
				m := n - rapid.Uint32Range(0, 2*maxWindow).Draw(t, "back")
				w.remove(m)
				model = slices.DeleteFunc(model, func(k uint32) bool { return k == m })
			}
			if m := n - rapid.Uint32Range(0, maxWindow-1).Draw(t, "any"); w.has(m) != slices.Contains(model, m) {
				t.Fatalf("window has %d: %v", m, w.has(m))
			}
			copied := window{w.newest, slices.Clone(w.words)}
			if got := copied.take(nil); !slices.Equal(got, model) {
				t.Fatalf("window has %v, want %v", got, model)
			}
		}
	})
}

// TestWindowGrowsOnlyForThoseThatWait: a session whose requests are answered keeps the two words of the beginning, one with
// thousands that wait has room for them, and forgets none.
func TestWindowGrowsOnlyForThoseThatWait(t *testing.T) {
	t.Parallel()
	var w window
	for n := uint32(1); n <= 10_000; n++ {
		w.add(n)
		if n > 60 {
			w.remove(n - 60)
		}
	}
	if len(w.words) != minWords {
		t.Errorf("%d words for 60 requests that wait", len(w.words))
	}
	w.take(nil)
	for n := uint32(10_001); n <= 13_000; n++ {
		w.add(n)
	}
	if got := w.take(nil); len(got) != 3000 || got[0] != 10_001 || got[2999] != 13_000 {
		t.Errorf("%d of 3,000 requests that wait are known", len(got))
	}
}

// TestFlows: the last number of up to 8 flows; the dialog is none.
func TestFlows(t *testing.T) {
	t.Parallel()
	var f flows
	for n := range uint32(5) {
		for series := range uint16(12) {
			f.note(ftd.Header{Chain: 'S', SequenceSeries: series, SequenceNumber: 100*uint32(series) + n})
		}
	}
	if f.points.Count != ftd.MaxResumePoints {
		t.Fatalf("%d points", f.points.Count)
	}
	for i, p := range f.points.All() {
		if want := (ftd.Point{Series: uint16(i + 1), Number: int32(100*(i+1) + 4)}); p != want {
			t.Errorf("point %d is %+v, want %+v", i, p, want)
		}
	}
}
