package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Shown is a report in one language: the form of `doctor -o json`. Status and check are words for machines, in every language
// the same.
type Shown struct {
	Verdict  Status         `json:"verdict"`
	Summary  string         `json:"summary"`
	Counts   map[Status]int `json:"counts"`
	Findings []ShownFinding `json:"findings"`

	words words
}

// ShownFinding is one line of it.
type ShownFinding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Key    string `json:"key,omitempty"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"`
}

type words struct {
	status  map[Status]string
	summary string // of the counts of fail, warn, skip and pass
	next    string
}

var texts = map[string]words{
	"en": {
		map[Status]string{Pass: "pass", Skip: "skip", Warn: "warn", Fail: "FAIL"},
		"%d fail, %d warn, %d not checked, %d pass", "next: ",
	},
	"zh": {
		map[Status]string{Pass: "通过", Skip: "未查", Warn: "警告", Fail: "失败"},
		"失败 %d 项，警告 %d 项，未检查 %d 项，通过 %d 项", "下一步：",
	},
}

// In is the report in one of Languages.
func (r *Report) In(language string) *Shown {
	w, known := texts[language]
	if !known {
		w = texts["en"]
	}
	counts := r.Counts()
	s := &Shown{
		Verdict: r.Worst(), Counts: counts, words: w, Findings: make([]ShownFinding, 0, len(r.Findings)),
		Summary: fmt.Sprintf(w.summary, counts[Fail], counts[Warn], counts[Skip], counts[Pass]),
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		s.Findings = append(s.Findings, ShownFinding{f.Check, f.Status, f.Key, f.Detail.In(language), f.Next.In(language)})
	}
	return s
}

// Text prints it for people: a line each, its next step below it.
func (s *Shown) Text(w io.Writer) {
	width := 0
	for i := range s.Findings {
		width = max(width, utf8.RuneCountInString(s.Findings[i].Check))
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		detail := f.Detail
		if f.Key != "" {
			detail = f.Key + ": " + detail
		}
		fmt.Fprintf(w, "%s  %-*s  %s\n", s.words.status[f.Status], width, f.Check, detail)
		if f.Next != "" {
			fmt.Fprintf(w, "%s%s%s\n", strings.Repeat(" ", len("pass  ")+width+2), s.words.next, f.Next)
		}
	}
	fmt.Fprintln(w, s.Summary)
}
