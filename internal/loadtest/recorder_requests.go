package loadtest

import (
	"strconv"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// totals are what a second's line is the difference of, beside result.Counts.
type totals struct{ answered, errors int }

func (r *recorder) totals() totals {
	t := totals{errors: r.r.Errors()}
	if r.r.Requests != nil {
		t.answered = r.r.Requests.Answered
	}
	return t
}

// requests begins to count so many that are planned.
func (r *recorder) requests(planned int) {
	r.r.Requests = result.NewRequests(planned)
	for _, name := range result.RequestNames {
		r.r.Steps = append(r.r.Steps, result.Step{Name: name, Latency: result.NewLatency()})
	}
}

func (r *recorder) sent(late time.Duration) {
	r.r.Requests.Sent++
	if late > result.LateAfter {
		r.r.Requests.Late++
	}
}

func (r *recorder) answered(sinceDue, sinceSent time.Duration) {
	r.r.Requests.Answered++
	r.step(stepRequest, sinceDue)
	r.step(stepRequestService, sinceSent)
}

func (r *recorder) requestRefused(code int) {
	r.r.Requests.Refused++
	r.r.Requests.RefusedBy[strconv.Itoa(code)]++
}
