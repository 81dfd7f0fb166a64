package daemon

import (
	"maps"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// TestFrontsAreCountedByState: a retired front is no front any more, and each of the others has one state.
func TestFrontsAreCountedByState(t *testing.T) {
	t.Parallel()
	fronts := []store.Front{
		{Ago: time.Second},
		{Ago: 2 * time.Second},
		{Ago: time.Hour},
		{Ago: time.Hour, FrontReport: store.FrontReport{Stopped: true}},
		{Ago: time.Second, OtherLife: true},
		{Ago: time.Hour, Retired: time.Now()},
	}
	want := map[string]float64{"running": 2, "silent": 1, "stopped": 1, "other_life": 1}
	if states := byFrontState(fronts); !maps.Equal(states, want) {
		t.Errorf("%v, want %v", states, want)
	}
	if states := byFrontState(nil); len(states) != len(want) || states["silent"] != 0 {
		t.Errorf("without a front: %v", states)
	}
}
