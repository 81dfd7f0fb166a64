package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/chinese"
)

// Difference is one login on which the sets differ.
type Difference struct {
	RecordID string `json:"record_id,omitempty"`
	Other    string `json:"other_record_id,omitempty"`
	Where    string `json:"where,omitempty"` // file:line
	Before   string `json:"before,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// String is the difference in a line.
func (d Difference) String() string { return d.line("and ", "at ", "before at ", ", ", d.Detail) }

// Chinese is the difference in a Chinese line.
func (d Difference) Chinese() string {
	return d.line("及 ", "见 ", "先前见 ", "，", chinese.Of(d.Detail))
}

func (d Difference) line(and, at, beforeAt, comma, detail string) string {
	var parts []string
	for _, p := range []struct{ before, text string }{
		{"", d.RecordID}, {and, d.Other}, {at, d.Where}, {beforeAt, d.Before}, {"", detail},
	} {
		if p.text != "" {
			parts = append(parts, p.before+p.text)
		}
	}
	return strings.Join(parts, comma)
}

// Differences are those of one kind.
type Differences struct {
	Kind  Kind         `json:"kind"`
	Fault bool         `json:"fault"`
	What  string       `json:"what"`
	Do    string       `json:"do"`
	Total int64        `json:"total"`
	First []Difference `json:"first"` // at most Options.Limit
}

// AuditFile is what was read of one audit log.
type AuditFile struct {
	Path   string `json:"path"`
	Gzip   bool   `json:"gzip"`
	Lines  int64  `json:"lines"`
	Logins int64  `json:"logins"` // accepted, of any day, submissions too
	Torn   int64  `json:"torn"`
	// Submissions are how many of the logins an operator relay submitted.
	Submissions int64 `json:"submissions,omitempty"`
	// First and Last are the times of its first and last entry; zero if it has none.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	Bad   int64     `json:"bad"`
	// Stopped is why the rest was not read, "" if all was.
	Stopped string `json:"stopped,omitempty"`
}

// Result is what the comparison found.
type Result struct {
	Day        calendar.TradingDay
	Answered   int64 // RecordIDs
	Unanswered int64 // RecordIDs of which the audit log says that the terminal was gone
	Submitted  int64 // of both: what operator relays submitted
	Stored     int64 // RecordIDs
	Reported   int64 // good lines of all Reports
	Reports    []string
	Audit      []AuditFile
	Warnings   []string
	Fronts     []int32 // that logins of the day name in the audit logs

	limit       int
	differences map[Kind]*Differences
}

// Differences are those that were found, the gravest kind first.
func (r *Result) Differences() []Differences {
	found := []Differences{}
	for _, k := range Kinds() {
		if d := r.differences[k.Kind]; d != nil {
			filled := *d
			filled.Kind, filled.Fault, filled.What, filled.Do = k.Kind, k.Fault, k.What, k.Do
			found = append(found, filled)
		}
	}
	return found
}

// Faults is how many differences are faults.
func (r *Result) Faults() (n int64) {
	for _, d := range r.Differences() {
		if d.Fault {
			n += d.Total
		}
	}
	return n
}

// Verdict is the whole result in a sentence.
func (r *Result) Verdict() string {
	var faults, notes []string
	for _, d := range r.Differences() {
		text := fmt.Sprintf("%d %s", d.Total, d.What)
		if d.Kind == AuditWithoutLogins {
			text = d.What
		}
		if d.Fault {
			faults = append(faults, text)
		} else {
			notes = append(notes, text)
		}
	}
	if len(faults) > 0 {
		return "NOT proven complete: " + strings.Join(faults, "; ") + "."
	}
	verdict := "Complete: every answered login is stored"
	switch len(r.Reports) {
	case 0:
	case 1:
		verdict += ", and the report holds every stored record, once, and nothing else"
	default:
		verdict += fmt.Sprintf(", and the %d reports together hold every stored record, once, and nothing else", len(r.Reports))
	}
	if len(notes) > 0 {
		verdict += " (no fault: " + strings.Join(notes, "; ") + ")"
	}
	return verdict + "."
}

// VerdictChinese is the result in a Chinese sentence.
func (r *Result) VerdictChinese() string {
	switch n := r.Faults(); {
	case n > 0:
		return fmt.Sprintf("未能证明完整：%d 处不一致", n)
	case len(r.Reports) == 0:
		return "完整：已应答的登录均已入库（未与报送文件比较）"
	}
	return "完整：应答、入库、报送文件三者一致"
}

func (r *Result) add(k Kind, d Difference) {
	found := r.differences[k]
	if found == nil {
		found = &Differences{First: []Difference{}}
		r.differences[k] = found
	}
	if found.Total++; len(found.First) < r.limit {
		found.First = append(found.First, d)
	}
}

// name notes the front of a login of the day. There are few fronts.
func (r *Result) name(e entry, days []calendar.TradingDay) {
	if slices.Contains(days, e.day) && !slices.Contains(r.Fronts, e.front) {
		r.Fronts = append(r.Fronts, e.front)
	}
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}
