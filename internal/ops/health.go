package ops

import (
	"slices"
	"sync"
	"time"
)

// Check reports whether one part of the front can do its work, and if not, why; the reason may
// also be a remark on a part that can. It must not block: it runs at every look.
type Check func() (ready bool, reason string)

// Severity is what a failing check means.
type Severity string

// The two severities.
const (
	Required Severity = "required" // the front is not ready without it
	Warning  Severity = "warning"  // an operator should look; terminals are served
)

// Patience is how long a required check that has passed before must fail at every look until
// the front is not ready: a check that flaps must not close a firm, whose fronts may all share
// its cause. The check itself is shown as failing at once.
const Patience = 2 * time.Second

// lookPeriod is how long the result of a look is good enough for those who ask often: load
// balancers and scrapes.
const lookPeriod = time.Second

// Health gathers the checks that decide whether the front is ready for terminals.
type Health struct {
	now func() time.Time

	looking sync.Mutex // one look at a time for those who share it

	mu     sync.Mutex
	checks []namedCheck
	last   Report
	at     time.Time // of last
}

type namedCheck struct {
	name     string
	severity Severity
	atOnce   bool // no patience
	check    Check

	passed bool      // at some look
	since  time.Time // it has failed at every look; zero while it passes
}

// Report is what /readyz shows.
type Report struct {
	Ready   bool     `json:"ready"`
	Reasons []Reason `json:"reasons"`
}

// Reason is the result of one check.
type Reason struct {
	Name     string   `json:"name"`
	Ready    bool     `json:"ready"`
	Severity Severity `json:"severity"`
	Reason   string   `json:"reason"`
}

// NewHealth has no checks, and is ready.
func NewHealth() *Health { return NewHealthAt(time.Now) }

// NewHealthAt is NewHealth with a clock of its own.
func NewHealthAt(now func() time.Time) *Health { return &Health{now: now} }

// Register adds a check, or replaces the one of that name.
func (h *Health) Register(name string, severity Severity, check Check) {
	h.register(namedCheck{name: name, severity: severity, check: check})
}

// RegisterAtOnce adds a required check without patience: its result is a decision, and does not flap.
func (h *Health) RegisterAtOnce(name string, check Check) {
	h.register(namedCheck{name: name, severity: Required, atOnce: true, check: check})
}

func (h *Health) register(c namedCheck) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = time.Time{}
	if i := h.find(c.name); i >= 0 {
		h.checks[i] = c
		return
	}
	h.checks = append(h.checks, c)
}

// find is -1 for a name that no check has.
func (h *Health) find(name string) int {
	return slices.IndexFunc(h.checks, func(c namedCheck) bool { return c.name == name })
}

// Report runs all checks, in the order in which they were registered.
func (h *Health) Report() Report {
	h.mu.Lock()
	checks := slices.Clone(h.checks)
	h.mu.Unlock() // a check may take locks of its own

	r := Report{Ready: true, Reasons: make([]Reason, 0, len(checks))}
	for _, c := range checks {
		ready, reason := c.check()
		r.Reasons = append(r.Reasons, Reason{c.name, ready, c.severity, reason})
	}
	h.judge(&r)
	return r
}

// Recent is the last report if it is not older than a second, else a new one. However many ask,
// the checks run once a second for them.
func (h *Health) Recent() Report {
	h.looking.Lock()
	defer h.looking.Unlock()
	h.mu.Lock()
	last, age := h.last, h.now().Sub(h.at)
	fresh := !h.at.IsZero() && age >= 0 && age < lookPeriod
	h.mu.Unlock()
	if fresh {
		return last
	}
	return h.Report()
}

// judge decides whether the front is ready, and keeps the report.
func (h *Health) judge(r *Report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for _, reason := range r.Reasons {
		i := h.find(reason.Name) // another may have been registered meanwhile
		if h.checks[i].fails(reason.Ready, now) && reason.Severity == Required {
			r.Ready = false
		}
	}
	h.last, h.at = *r, now
}

// fails takes a look's result and reports whether the check has failed for long enough.
func (c *namedCheck) fails(ready bool, now time.Time) bool {
	switch {
	case ready:
		c.passed, c.since = true, time.Time{}
		return false
	case c.since.IsZero():
		c.since = now
	}
	return c.atOnce || !c.passed || now.Sub(c.since) >= Patience
}

// Failing are the names of the required checks that fail.
func (r *Report) Failing() (names []string) {
	for _, reason := range r.Reasons {
		if !reason.Ready && reason.Severity == Required {
			names = append(names, reason.Name)
		}
	}
	return names
}
