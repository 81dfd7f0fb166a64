package gateway

import (
	"strings"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestRefsDoNotRepeat(t *testing.T) {
	draws := testmain.Fewer(1<<20, 1<<16)
	r := NewReferences()
	seen := make(map[reason.Ref]bool, draws)
	for range draws {
		ref := r.Next()
		checkLetters(t, ref)
		if seen[ref] {
			t.Fatalf("%q came twice in %d draws", ref, len(seen)+1)
		}
		seen[ref] = true
	}
}

// The counter runs over 2^32, the references over 2^30: where it wraps, none may repeat
// among its neighbours either.
func TestRefsAtTheWrap(t *testing.T) {
	var r References
	r.counter.Store(^uint32(0) - 500)
	seen := make(map[reason.Ref]bool)
	for range 1000 {
		seen[r.Next()] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different references in 1000 draws", len(seen))
	}
}

func TestRefsFromManyGoroutines(t *testing.T) {
	const crowd, draws = 8, 1000
	var (
		r    References
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = make(map[reason.Ref]bool)
	)
	for range crowd {
		wg.Go(func() {
			for range draws {
				ref := r.Next()
				mu.Lock()
				seen[ref] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != crowd*draws {
		t.Errorf("%d different references in %d draws", len(seen), crowd*draws)
	}
}

// Only an odd factor is one-to-one modulo a power of 2: no number of draws that a test
// can afford would show the repetitions of an even one.
func TestRefSpreadIsOneToOne(t *testing.T) {
	if refSpread%2 == 0 || len(reason.Ref{})*5 != refBits {
		t.Errorf("spread %#x over %d bits in %d letters", refSpread, refBits, len(reason.Ref{}))
	}
}

// People read references to each other over the telephone.
func TestRefLetters(t *testing.T) {
	if len(refLetters) != 32 || strings.ContainsAny(refLetters, "ILOU") {
		t.Errorf("%q", refLetters)
	}
}
