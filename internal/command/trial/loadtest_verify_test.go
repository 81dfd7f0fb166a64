package trial

import (
	"testing"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// TestRunWithoutTheComparisonThatWasAskedForIsNotGood: also one that logged none in.
func TestRunWithoutTheComparisonThatWasAskedForIsNotGood(t *testing.T) {
	t.Parallel()
	for _, loggedIn := range []int{0, 3} {
		r := &result.Result{Counts: result.Counts{Begun: 3, LoggedIn: loggedIn, Hostile: 3 - loggedIn}}
		p := loadtestRunProof{verify: true}
		err := p.add(t.Context(), &command.Env{}, r, "answers.ndjson", t.TempDir()+"/missing.yaml")
		if r.Judge(nil); err == nil || r.Good || r.Unproven == "" {
			t.Errorf("%d logged in: %v, good %v, %q", loggedIn, err, r.Good, r.Unproven)
		}
	}
}
