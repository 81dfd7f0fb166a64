package simulation

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// trace is what happened, one line a step. What is random beyond the seed (challenges,
// RecordIDs, ciphertexts, references) is not in it.
type trace struct {
	lines   []string
	results []string // of the step that is under way
	hash    uint64
	started time.Time
}

// kept is how many lines a failure shows.
const kept = 60

func (t *trace) result(s string) { t.results = append(t.results, s) }

// step ends a step.
func (t *trace) step(number int, what string) {
	line := fmt.Sprintf("%5d %10v  %s", number, time.Since(t.started), what)
	if len(t.results) > 0 {
		line += "  → " + strings.Join(t.results, " ")
		t.results = t.results[:0]
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%x %s", t.hash, line)
	t.hash = h.Sum64()
	t.lines = append(t.lines, line)
}

func (t *trace) last() string {
	return strings.Join(t.lines[max(0, len(t.lines)-kept):], "\n")
}
