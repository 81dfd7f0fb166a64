package loadtest

import (
	"testing"
	"time"
)

// TestSchedule: visits are evenly apart at a constant rate; a ramp begins slowly, has half as many visits as the rate would, and goes on evenly.
func TestSchedule(t *testing.T) {
	even := schedule{rate: 100}
	for i := range 1000 {
		if got, want := even.due(i), time.Duration(i)*10*time.Millisecond; (got - want).Abs() > time.Microsecond {
			t.Fatalf("visit %d is due at %v, want %v", i, got, want)
		}
	}
	ramp := schedule{rate: 100, ramp: 10}
	inRamp, last := 0, time.Duration(-1)
	for i := range 2000 {
		due := ramp.due(i)
		if due < last {
			t.Fatalf("visit %d is due at %v, before the one before it at %v", i, due, last)
		}
		if last = due; due < 10*time.Second {
			inRamp++
		}
	}
	if inRamp != 500 {
		t.Errorf("%d visits during the ramp, want 500", inRamp)
	}
	if first := ramp.due(50); first < 3*time.Second { // a tenth of the visits of the ramp take sqrt(1/10) of it
		t.Errorf("visit 50 is due at %v", first)
	}
	if apart := ramp.due(1001) - ramp.due(1000); (apart - 10*time.Millisecond).Abs() > time.Microsecond {
		t.Errorf("%v apart after the ramp", apart)
	}
}

// TestGeneratorsShareThePlan: each visit of the whole belongs to one generator, and is due when it is due in the whole.
func TestGeneratorsShareThePlan(t *testing.T) {
	for _, visits := range []int{3, 7, 12} {
		whole := map[int]bool{}
		for g := range 3 {
			p := Plan{Visits: visits, Generator: g, Generators: 3, Concurrency: 1}
			for i := range p.share(visits) {
				if at := p.index(i); whole[at] || at >= visits {
					t.Fatalf("visit %d of %d is made twice, or there is none", at, visits)
				} else {
					whole[at] = true
				}
			}
			if p.concurrency() != 1 {
				t.Errorf("generator %d has %d visits under way, want one at least", g, p.concurrency())
			}
		}
		if len(whole) != visits {
			t.Errorf("%d of %d visits are made", len(whole), visits)
		}
	}
	if alone := (&Plan{Visits: 5}); alone.share(5) != 5 || alone.index(4) != 4 {
		t.Error("a generator alone makes another plan than the whole")
	}
}
