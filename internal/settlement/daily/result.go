package daily

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/store"
)

// Word is the verdict for machines.
type Word string

// The words.
const (
	HandIn      Word = "hand_in"        // 可以报送
	HandedIn    Word = "handed_in"      // 已报送: nothing came since
	DoNotHandIn Word = "do_not_hand_in" // 切勿报送
)

// The steps, in their order.
const (
	StepExport    = "export"
	StepVerify    = "verify"
	StepReconcile = "reconcile"
	StepStatus    = "status"
)

// steps is how many there are.
const steps = 4

// reasonsKept is how many reasons of a step are listed.
const reasonsKept = 10

// Result is the afternoon of a day.
type Result struct {
	Day      string `json:"trading_day"`
	Verdict  Word   `json:"verdict"`
	Chinese  string `json:"chinese"`
	English  string `json:"english"`
	HandedIn bool   `json:"handed_in"` // before this run
	Rows     int64  `json:"rows"`      // of all files
	Files    []File `json:"files"`
	Steps    []Step `json:"steps"`
	// Unlogged is how many stored records are in none of the audit logs that were compared; few enough to be those of a killed front.
	Unlogged int64 `json:"stored_not_in_audit,omitempty"`
	// Warnings keep nothing back; the clerk must know them.
	Warnings []string `json:"warnings,omitempty"`
}

// Good reports whether the day's report may be handed in.
func (r *Result) Good() bool { return r.Verdict != DoNotHandIn }

// File is one of those that together hold the day.
type File struct {
	Path   string           `json:"path"`
	Kind   store.ExportKind `json:"kind"`
	Rows   int64            `json:"rows"`
	SHA256 string           `json:"sha256"`
	HandIn bool             `json:"hand_in"` // it was not handed in yet
}

// Step is what one step did and found.
type Step struct {
	Name    string   `json:"step"`
	Good    bool     `json:"good"`
	Said    []Text   `json:"said,omitempty"`
	Reasons []Reason `json:"reasons,omitempty"`
	More    int      `json:"more_reasons,omitempty"` // that are not listed
}

// Text is a sentence in both languages.
type Text struct {
	Chinese string `json:"chinese"`
	English string `json:"english"`
}

// Reason is why the file must not be handed in, and what to do.
type Reason struct {
	Why  Text `json:"why"`
	Next Text `json:"next"`
}

func (r *Result) step(name string) *Step {
	r.Steps = append(r.Steps, Step{Name: name, Good: true})
	return &r.Steps[len(r.Steps)-1]
}

func (s *Step) say(chinese, english string) { s.Said = append(s.Said, Text{chinese, english}) }

func (s *Step) against(reason Reason) {
	s.Good = false
	if len(s.Reasons) == reasonsKept {
		s.More++
		return
	}
	s.Reasons = append(s.Reasons, reason)
}

// judge sets the verdict.
func (r *Result) judge() {
	bad, toHandIn := 0, 0
	for i := range r.Steps {
		bad += len(r.Steps[i].Reasons) + r.Steps[i].More
	}
	if bad == 0 && (len(r.Files) == 0 || len(r.Steps) < steps) {
		bad = 1 // a step that was not made counts against the day, whether it says why or not
	}
	for i := range r.Files {
		if r.Files[i].HandIn {
			toHandIn++
		}
	}
	switch {
	case bad > 0:
		r.Verdict = DoNotHandIn
		r.Chinese = fmt.Sprintf("切勿报送：交易日 %s 有 %d 项问题", r.Day, bad)
		r.English = fmt.Sprintf("DO NOT hand in: trading day %s has %d problems", r.Day, bad)
		if bad == 1 {
			r.English = fmt.Sprintf("DO NOT hand in: trading day %s has a problem", r.Day)
		}
	case toHandIn == 0 && r.HandedIn:
		r.Verdict = HandedIn
		r.Chinese = fmt.Sprintf("已报送：交易日 %s 共 %d 行，报送之后没有新记录", r.Day, r.Rows)
		r.English = fmt.Sprintf("handed in already: trading day %s has %d rows, and nothing came since", r.Day, r.Rows)
	default:
		r.Verdict = HandIn
		r.Chinese = fmt.Sprintf("可以报送：交易日 %s 共 %d 行，应答、入库、报送文件三者一致", r.Day, r.Rows)
		r.English = fmt.Sprintf("hand in: trading day %s has %d rows; what was answered, stored and reported is the same", r.Day, r.Rows)
		if r.Unlogged > 0 {
			r.Chinese = fmt.Sprintf("可以报送：交易日 %s 共 %d 行，已入库的均在报送文件中；其中 %d 条不在所给审计日志中，请确认审计日志齐全", r.Day, r.Rows, r.Unlogged)
			r.English = fmt.Sprintf("hand in: trading day %s has %d rows, what is stored is reported; "+
				"%d of them are in none of the audit logs given: make sure that these are all",
				r.Day, r.Rows, r.Unlogged)
		}
		if r.Rows == 0 {
			r.Chinese = fmt.Sprintf("可以报送：交易日 %s 没有登录记录（0 行）。请先确认当日确实无人登录", r.Day)
			r.English = fmt.Sprintf("hand in: trading day %s has no login (0 rows). Make sure first that no customer logged in", r.Day)
		}
	}
}
