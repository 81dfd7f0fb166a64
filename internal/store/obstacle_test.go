package store_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
)

// TestObstacleKindsAreComplete: a kind that is declared and not listed would have no series in the
// metric, and no line in the handbook's test.
func TestObstacleKindsAreComplete(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("obstacle.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`ObstacleKind = "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(declared) < 10 {
		t.Fatalf("found %d declarations", len(declared))
	}
	for _, m := range declared {
		if !slices.Contains(store.ObstacleKinds(), store.ObstacleKind(m[1])) {
			t.Errorf("%s is declared, and not in ObstacleKinds", m[1])
		}
	}
	if got := len(store.ObstacleKinds()); got != len(declared) {
		t.Errorf("ObstacleKinds lists %d kinds, %d are declared", got, len(declared))
	}
}
