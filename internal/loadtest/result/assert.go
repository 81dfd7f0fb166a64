package result

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Assertion is what a run must show.
type Assertion struct {
	Text  string  `json:"text"`
	Value float64 `json:"value"` // that the run had: milliseconds, or a number
	Holds bool    `json:"holds"`
}

// measured is the value with its unit.
func (a *Assertion) measured(t *words) string {
	switch {
	case a.IsTime() && a.Value == 0:
		return t.notMeasured
	case a.IsTime():
		return fmt.Sprintf("%.3f ms", a.Value)
	}
	return fmt.Sprintf("%.3f", a.Value)
}

// assertion is one that was read: `login.p99<50ms`, `errors==0`, `rate>=2000`.
type assertion struct {
	text, subject, relation string
	limit                   float64
}

var assertionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*([a-z_.0-9]+)\s*(<=|>=|==|<|>)\s*([0-9.]+(?:us|µs|ms|s|m)?)\s*$`)
})

// numbers are the subjects that are no times.
var numbers = map[string]func(*Result) float64{
	"errors":      func(r *Result) float64 { return float64(r.Errors()) },
	"refused":     func(r *Result) float64 { return float64(r.Counts.Refused) },
	"failed":      func(r *Result) float64 { return float64(r.Counts.Failed) },
	"lost":        func(r *Result) float64 { return float64(r.Counts.Lost) },
	"late":        func(r *Result) float64 { return float64(r.Counts.Late) },
	"logged_in":   func(r *Result) float64 { return float64(r.Counts.LoggedIn) },
	"most_open":   func(r *Result) float64 { return float64(r.Counts.MostOpen) },
	"again":       func(r *Result) float64 { return float64(r.Counts.Again) },
	"rate":        (*Result).Rate,
	"multiple":    func(r *Result) float64 { return r.Multiple },
	"error_share": (*Result).errorShare,

	"requests_answered": ofRequests(func(q *Requests) int { return q.Answered }),
	"requests_refused":  ofRequests(func(q *Requests) int { return q.Refused }),
	"requests_wrong":    ofRequests(func(q *Requests) int { return q.Wrong }),
	"requests_lost":     ofRequests(func(q *Requests) int { return q.Lost }),
	"requests_doubled":  ofRequests(func(q *Requests) int { return q.Doubled }),
	"requests_again":    ofRequests(func(q *Requests) int { return q.Again }),
	"requests_late":     ofRequests(func(q *Requests) int { return q.Late }),
	"request_rate":      (*Result).requestRate,
}

func (r *Result) errorShare() float64 {
	all := r.Counts.Begun
	if r.Requests != nil {
		all += r.Requests.Sent
	}
	if all == 0 {
		return 0
	}
	return float64(r.Errors()) / float64(all)
}

// Assertions are what ParseAssertions read.
type Assertions []assertion

// ParseAssertions reads all texts, and names every fault at once.
func ParseAssertions(texts []string) (Assertions, error) {
	var all Assertions
	var faults []error
	for _, text := range texts {
		a, err := parseAssertion(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("--assert %q: %w", text, err))
			continue
		}
		all = append(all, a)
	}
	return all, errors.Join(faults...)
}

// Check refuses what no such run can hold: of a multiple without a historical peak, and of requests where none are sent.
func (all Assertions) Check(peak, requests bool) error {
	var faults []error
	for _, a := range all {
		switch {
		case a.subject == "multiple" && !peak:
			faults = append(faults, fmt.Errorf("--assert %q: it is of the firm's peak; give --historical-peak", a.text))
		case strings.HasPrefix(a.subject, "request") && !requests:
			faults = append(faults, fmt.Errorf("--assert %q: this scenario sends nothing after the logins; assert it of orders, or of relay with operators", a.text))
		}
	}
	return errors.Join(faults...)
}

// Asserted is what r was held to.
func (r *Result) Asserted() (Assertions, error) {
	texts := make([]string, len(r.Assertions))
	for i := range r.Assertions {
		texts[i] = r.Assertions[i].Text
	}
	return ParseAssertions(texts)
}

func parseAssertion(text string) (a assertion, err error) {
	m := assertionForm().FindStringSubmatch(text)
	if m == nil {
		return a, errors.New("want SUBJECT RELATION LIMIT, as in p99<50ms, errors==0 or rate>=2000")
	}
	a = assertion{text: strings.TrimSpace(text), subject: m[1], relation: m[2]}
	if _, isNumber := numbers[a.subject]; isNumber {
		if a.limit, err = strconv.ParseFloat(m[3], 64); err != nil {
			return a, fmt.Errorf("%s is a number, and %s is none", a.subject, m[3])
		}
		return a, nil
	}
	if _, _, err := timeOf(a.subject); err != nil {
		return a, err
	}
	limit, err := time.ParseDuration(m[3])
	if err != nil {
		return a, fmt.Errorf("%s is a time, and %s is none: want 50ms or 1.5s", a.subject, m[3])
	}
	a.limit = float64(limit.Microseconds()) / 1000
	return a, nil
}

// timeOf divides "login.p99.9" into a step and a quantile. Without a step it is the login's, from its intended start.
func timeOf(subject string) (step string, quantile float64, err error) {
	step, last := "login", subject
	if before, after, has := strings.Cut(subject, "."); has && !strings.HasPrefix(subject, "p") {
		step, last = before, after
	}
	text, isQuantile := strings.CutPrefix(last, "p")
	if last == "max" {
		text, isQuantile = "100", true
	}
	if quantile, err = strconv.ParseFloat(text, 64); err != nil || !isQuantile || quantile <= 0 || quantile > 100 || !isStep(step) {
		return "", 0, fmt.Errorf("%q is no subject: want p50 to p99.99 or max, of login, service, %s; or errors, error_share, refused, "+
			"failed, lost, again, late, logged_in, most_open, rate, multiple, request_rate, requests_answered, requests_refused, requests_wrong, "+
			"requests_lost, requests_doubled, requests_again, requests_late", subject, strings.Join(append(StepNames, RequestNames...), ", "))
	}
	return step, quantile, nil
}

// StepNames are the parts of a visit, in their order.
var StepNames = []string{"connect", "authenticate", "user_login"}

// RequestNames are the round trips of Requests: from when a request was due, and from when it was sent first.
var RequestNames = []string{"request", "request_service"}

func isStep(name string) bool {
	return name == "login" || name == "service" || slices.Contains(StepNames, name) || slices.Contains(RequestNames, name)
}

// Cause is why a run is not good.
type Cause string

// The causes.
const (
	EndedEarly Cause = "ended_early" // it did not come to its end
	NoVisit    Cause = "no_visit"    // no visit began
	NoLogin    Cause = "no_login"    // honest visits began, and none was logged in
	LetIn      Cause = "let_in"      // an attacker was logged in
	Errors     Cause = "errors"      // visits had a wrong answer, and no assertion says how many may
	Asserted   Cause = "asserted"    // an assertion does not hold
	Unproven   Cause = "unproven"    // what was answered is not what is stored, or the comparison that was asked for was not made
)

// Judge holds the run to the assertions. A good run came to its end, made a visit, logged an honest one in, let no attacker in, was
// proven if that was asked for, and had no error unless an assertion says how many of its kind it may have. Otherwise each cause is named.
func (r *Result) Judge(all Assertions) {
	r.Assertions, r.Causes = []Assertion{}, []Cause{}
	broken := false
	for _, a := range all {
		value, known := r.value(a.subject)
		holds := known && compare(value, a.relation, a.limit)
		r.Assertions = append(r.Assertions, Assertion{a.text, value, holds})
		broken = broken || !holds
	}
	for _, c := range []struct {
		cause Cause
		is    bool
	}{
		{EndedEarly, r.EndedEarly != ""},
		{NoVisit, r.Counts.Begun == 0},
		{NoLogin, r.Counts.LoggedIn == 0 && r.Counts.Begun > r.Counts.Hostile},
		{LetIn, r.Counts.LetIn > 0},
		{Errors, all.unbounded(r) > 0},
		{Asserted, broken},
		{Unproven, r.Unproven != "" || r.Proof != nil && r.Proof.Faults > 0},
	} {
		if c.is {
			r.Causes = append(r.Causes, c.cause)
		}
	}
	r.Good = len(r.Causes) == 0
}

// partsOfErrors are the subjects that errors is the sum of.
var partsOfErrors = []string{"refused", "failed", "lost", "requests_refused", "requests_wrong", "requests_lost", "requests_doubled"}

// unbounded is how many errors are of no part of which an assertion says how many there may be at most.
func (all Assertions) unbounded(r *Result) int {
	left := r.Errors()
	seen := map[string]bool{}
	for _, a := range all {
		if a.relation == ">" || a.relation == ">=" || seen[a.subject] {
			continue
		}
		seen[a.subject] = true
		switch {
		case a.subject == "errors" || a.subject == "error_share":
			return 0
		case slices.Contains(partsOfErrors, a.subject):
			left -= int(numbers[a.subject](r))
		}
	}
	return left
}

// UnboundedErrors is how many errors of a judged run no assertion speaks of.
func (r *Result) UnboundedErrors() int {
	all, err := r.Asserted()
	if err != nil {
		return r.Errors() // Judge was given what ParseAssertions had read
	}
	return all.unbounded(r)
}

// IsTime reports whether the value is a number of milliseconds, of which 0 is no measurement at all.
func (a *Assertion) IsTime() bool {
	read, err := parseAssertion(a.Text)
	_, isNumber := numbers[read.subject]
	return err == nil && !isNumber
}

// value is that of the subject. A time is not known if none was taken: of a run without an answer no quantile is short.
func (r *Result) value(subject string) (value float64, known bool) {
	if number, is := numbers[subject]; is {
		return number(r), true
	}
	step, quantile, err := timeOf(subject)
	if err != nil {
		return 0, false // ParseAssertions refused it
	}
	l := r.Step(step)
	switch step {
	case "login":
		l = &r.Login
	case "service":
		l = &r.Service
	}
	if l == nil || l.Count() == 0 {
		return 0, false
	}
	return l.Quantile(quantile), true
}

func compare(value float64, relation string, limit float64) bool {
	switch relation {
	case "<":
		return value < limit
	case "<=":
		return value <= limit
	case ">":
		return value > limit
	case ">=":
		return value >= limit
	}
	return value == limit
}
