package corecheck

import "fmt"

// Status is what became of a rule.
type Status string

// The statuses.
const (
	Pass Status = "PASS"
	Fail Status = "FAIL"
	Skip Status = "SKIP" // it could not be found out, or the core does not offer it
)

// Result is one rule's.
type Result struct {
	Rule     string `json:"rule"`
	Status   Status `json:"status"`
	Expected string `json:"expected"`
	Came     string `json:"came,omitempty"` // empty for Pass
	Section  string `json:"section"`        // of docs/core.md
}

// Report is what a run found.
type Report struct {
	CoreID     string   `json:"core_id"`
	Instance   string   `json:"instance"`
	Term       int32    `json:"term"`
	TradingDay string   `json:"trading_day"`
	State      string   `json:"state"`   // I, A or S, as LinkAccept has it; empty without a link
	Untried    int      `json:"untried"` // of Skipped: rules that only an active core can be held to, of one that is not
	Passed     int      `json:"passed"`
	Failed     int      `json:"failed"`
	Skipped    int      `json:"skipped"`
	Results    []Result `json:"rules"`
}

func (r *Report) add(res Result) {
	r.Results = append(r.Results, res)
	switch res.Status {
	case Pass:
		r.Passed++
	case Fail:
		r.Failed++
	case Skip:
		r.Skipped++
	}
}

// outcome is what a rule's function returns: nil for Pass.
type outcome struct {
	status  Status
	came    string
	untried bool // for want of an active core
}

func failf(format string, args ...any) *outcome {
	return &outcome{status: Fail, came: fmt.Sprintf(format, args...)}
}

func skipf(format string, args ...any) *outcome {
	return &outcome{status: Skip, came: fmt.Sprintf(format, args...)}
}

// failed is the outcome for an error, nil for none.
func failed(err error) *outcome {
	if err == nil {
		return nil
	}
	return failf("%v", err)
}
