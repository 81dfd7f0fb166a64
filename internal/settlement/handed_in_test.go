package settlement

import (
	"testing"

	"github.com/tradefront/tradefront/internal/store"
)

// TestToHandIn: each file of a chain is to be handed in until a note is not before it, or the monitoring centre has the same bytes in its place.
func TestToHandIn(t *testing.T) {
	t.Parallel()
	full := func(number int, sum byte) store.Export {
		return store.Export{Number: number, Kind: store.FullExport, SHA256: [32]byte{sum}}
	}
	supplement := func(number int, sum byte) store.Export {
		return store.Export{Number: number, Kind: store.SupplementExport, SHA256: [32]byte{sum}}
	}
	for _, c := range []struct {
		what    string
		exports []store.Export
		noted   int // 0: no note
		left    []int
	}{
		{"nothing was exported", nil, 0, nil},
		{"no note", []store.Export{full(1, 1), supplement(2, 2)}, 0, []int{1, 2}},
		{"all was noted", []store.Export{full(1, 1), supplement(2, 2)}, 2, nil},
		{"a supplement since", []store.Export{full(1, 1), supplement(2, 2), supplement(3, 3)}, 2, []int{3}},
		{"the same bytes again", []store.Export{full(1, 1), full(2, 1)}, 1, nil},
		{"the same bytes again, then a supplement", []store.Export{full(1, 1), full(2, 1), supplement(3, 2)}, 1, []int{3}},
		{"another report was forced", []store.Export{full(1, 1), full(2, 9), supplement(3, 2)}, 1, []int{2, 3}},
		{"the bytes of a report that was never handed in", []store.Export{full(1, 1), full(2, 2), full(3, 1)}, 2, []int{3}},
		{"without the supplement that the centre has", []store.Export{full(1, 1), supplement(2, 2), full(3, 1)}, 2, []int{3}},
		{"a ledger that lacks what was noted", []store.Export{full(4, 1)}, 3, []int{4}},
	} {
		var last *store.HandedIn
		if c.noted > 0 {
			last = &store.HandedIn{Number: c.noted}
		}
		left := ToHandIn(c.exports, last)
		same := len(left) == len(c.left)
		for i := range left {
			same = same && left[i].Number == c.left[i]
		}
		if !same {
			t.Errorf("%s: %+v is left, want %v", c.what, left, c.left)
		}
	}
}
