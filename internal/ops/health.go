package ops

import "sync"

// Check says whether one part of the front can do its work, and if not, why; the reason
// may also be a remark on a part that can. It must not block: it runs at every look.
type Check func() (ready bool, reason string)

// Severity is what a failing check means.
type Severity string

// The two severities.
const (
	Required Severity = "required" // the front is not ready without it
	Warning  Severity = "warning"  // somebody should look, terminals are served
)

// Health gathers the checks that decide whether the front is ready for terminals.
type Health struct {
	mu     sync.Mutex
	checks []namedCheck
}

type namedCheck struct {
	name     string
	severity Severity
	check    Check
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
func NewHealth() *Health { return new(Health) }

// Register adds a check, or replaces the one of that name.
func (h *Health) Register(name string, severity Severity, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := namedCheck{name, severity, check}
	for i := range h.checks {
		if h.checks[i].name == name {
			h.checks[i] = c
			return
		}
	}
	h.checks = append(h.checks, c)
}

// Report runs all checks, in the order in which they were registered.
func (h *Health) Report() Report {
	h.mu.Lock()
	checks := append([]namedCheck(nil), h.checks...)
	h.mu.Unlock() // a check may take locks of its own

	r := Report{Ready: true, Reasons: make([]Reason, 0, len(checks))}
	for _, c := range checks {
		ready, reason := c.check()
		r.Reasons = append(r.Reasons, Reason{c.name, ready, c.severity, reason})
		if !ready && c.severity == Required {
			r.Ready = false
		}
	}
	return r
}
