package trial

import (
	"context"
	"errors"
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

// TestInterruptedComparisonSaysSo: the store whose context ended tells of a database that cannot be used, which is not what happened.
func TestInterruptedComparisonSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &result.Result{}
	p := loadtestRunProof{verify: true}
	if err := p.add(ctx, &command.Env{}, r, "answers.ndjson", t.TempDir()+"/missing.yaml"); !errors.Is(err, errNotCompared) || r.Unproven != errNotCompared.Error() {
		t.Errorf("%v, %q", err, r.Unproven)
	}
}

// TestAFileThatLacksAnswersProvesNothing: of all that were answered.
func TestAFileThatLacksAnswersProvesNothing(t *testing.T) {
	t.Parallel()
	submitted := result.NewRequests(5)
	submitted.Answered = 5
	for _, test := range []struct {
		scenario string
		requests *result.Requests
		answers  int64
		lacks    bool
	}{
		{"churn", nil, 3, false},
		{"churn", nil, 4, false},
		{"churn", nil, 2, true},
		{"orders", submitted, 3, false},
		{"relay", submitted, 8, false},
		{"relay", submitted, 7, true},
	} {
		r := &result.Result{Scenario: test.scenario, Requests: test.requests, Counts: result.Counts{Begun: 3, LoggedIn: 3}}
		proven(r, &result.Proof{Answers: test.answers, Proven: test.answers})
		if r.Judge(nil); r.Good == test.lacks || r.Proof == nil || (r.Unproven != "") != test.lacks {
			t.Errorf("%+v: good %v, %q", test, r.Good, r.Unproven)
		}
	}
}
