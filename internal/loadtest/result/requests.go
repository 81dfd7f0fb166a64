package result

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Requests are what terminals send after their login: the orders of scenario orders, the submissions of operator relays. Each is
// counted once, however often it was sent.
type Requests struct {
	Planned  int     `json:"planned"`
	Sent     int     `json:"sent"`
	Answered int     `json:"answered"` // as they must be
	Refused  int     `json:"refused"`
	Wrong    int     `json:"wrong"`   // answered by something else than what must be the answer
	Lost     int     `json:"lost"`    // without an answer, or with one that came too late
	Doubled  int     `json:"doubled"` // answers that nothing waited for
	Again    int     `json:"again"`   // sent again because the front asked for it
	Late     int     `json:"late"`    // sent more than LateAfter behind their time: the generator was too slow
	ElapsedS float64 `json:"elapsed_seconds"`

	RefusedBy map[string]int `json:"refused_by"` // code
}

// NewRequests are so many that are planned.
func NewRequests(planned int) *Requests {
	return &Requests{Planned: planned, RefusedBy: map[string]int{}}
}

// errors are what did not end as it must. nil has none.
func (q *Requests) errors() int {
	if q == nil {
		return 0
	}
	return q.Refused + q.Wrong + q.Lost + q.Doubled
}

// Rate is the answers a second.
func (q *Requests) Rate() float64 {
	if q == nil || q.ElapsedS <= 0 {
		return 0
	}
	return float64(q.Answered) / q.ElapsedS
}

func (q *Requests) add(o *Requests) {
	q.Planned += o.Planned
	q.Sent += o.Sent
	q.Answered += o.Answered
	q.Refused += o.Refused
	q.Wrong += o.Wrong
	q.Lost += o.Lost
	q.Doubled += o.Doubled
	q.Again += o.Again
	q.Late += o.Late
	q.ElapsedS = max(q.ElapsedS, o.ElapsedS)
	if q.RefusedBy == nil {
		q.RefusedBy = map[string]int{}
	}
	for code, n := range o.RefusedBy {
		q.RefusedBy[code] += n
	}
}

// mergeRequests adds those of another generator.
func (r *Result) mergeRequests(other *Result) {
	switch {
	case other.Requests == nil:
	case r.Requests == nil:
		r.Requests = NewRequests(0)
		fallthrough
	default:
		r.Requests.add(other.Requests)
	}
}

// ofRequests makes a subject of an assertion.
func ofRequests(number func(*Requests) int) func(*Result) float64 {
	return func(r *Result) float64 {
		if r.Requests == nil {
			return 0
		}
		return float64(number(r.Requests))
	}
}

func (r *Result) requestRate() float64 { return r.Requests.Rate() }

func (r *Result) printRequests(w io.Writer, t *words, language string) {
	q := r.Requests
	if q == nil {
		return
	}
	fmt.Fprintf(w, "%s  %s %d, %s %d, %s %d", t.requests[r.Scenario], t.planned, q.Planned, t.sent, q.Sent, t.answered, q.Answered)
	for _, more := range []struct {
		name string
		n    int
	}{{t.refused, q.Refused}, {t.wrong, q.Wrong}, {t.lostRequests, q.Lost}, {t.doubled, q.Doubled}, {t.again, q.Again}, {t.late, q.Late}} {
		if more.n > 0 {
			fmt.Fprintf(w, ", %s %d", more.name, more.n)
		}
	}
	fmt.Fprintf(w, ", %s %.0f\n", t.perSecond, q.Rate())
	for _, code := range slices.Sorted(maps.Keys(q.RefusedBy)) {
		fmt.Fprintf(w, "  %s  %s  %d  %s\n", t.refused, code, q.RefusedBy[code], CodeText(code, language))
	}
}
