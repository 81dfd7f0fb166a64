package auditsearch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tradefront/tradefront/internal/auditlog"
)

const (
	// maxProblems is how many problems are named.
	maxProblems = 20
	// maxReasons is how many reasons are counted by themselves; a front has some hundred.
	maxReasons = 200
	// progressLines is how many lines are read between two looks at the context.
	progressLines = 1024
)

// Options are what is looked for and where.
type Options struct {
	Filter Filter
	Files  []string
	// Found is called for each line that fits, in the order of time; raw is the line unchanged, valid until it returns. An
	// error ends the search.
	Found func(e *auditlog.Entry, raw []byte) error
	// Reading is told how many bytes were read of how many; it may be nil.
	Reading func(done, total int64)
}

// Result is what was read, and what was not.
type Result struct {
	Files   int            `json:"files"` // that were read, with those that were passed over for their time
	Found   int            `json:"found"`
	Reasons map[string]int `json:"reasons"` // how many of the found have each reason
	Damaged int64          `json:"damaged_lines"`
	// Hidden is how many lines that may have fitted the front only counted (event suppressed).
	Hidden int `json:"only_counted"`
	// Problems name the files that were not read, or not to their end, and those with damaged lines.
	Problems []string `json:"problems,omitempty"`
	More     int      `json:"more_problems,omitempty"`
}

// Run searches. The error says that no file could be read, or is that of Found or ctx.
func Run(ctx context.Context, opt Options) (*Result, error) {
	s := &search{opt: &opt, look: opt.Filter.look(), result: &Result{Reasons: make(map[string]int)}}
	var logs []log
	for _, path := range once(opt.Files) {
		l, err := inspect(path)
		if err != nil {
			s.problem(err.Error())
			continue
		}
		logs = append(logs, l)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if len(logs) == 0 {
		return nil, fmt.Errorf("no audit log could be read: %w", s.problems())
	}
	s.result.Files = len(logs)
	logs = inTime(logs, &opt.Filter)
	for i := range logs {
		s.total += logs[i].size
	}
	lines := 0
	return s.result, s.merge(logs, func(src *source) error {
		if lines++; lines%progressLines == 0 {
			if opt.Reading != nil {
				opt.Reading(s.done, s.total)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return s.judge(src)
	})
}

// once leaves out paths that are named twice.
func once(paths []string) []string {
	seen := make(map[string]bool)
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		clean := filepath.Clean(path)
		defer func() { seen[clean] = true }()
		return seen[clean]
	})
}

// search is one run.
type search struct {
	opt         *Options
	look        look
	result      *Result
	done, total int64
}

// judge gives the next line of a file to Found if it fits.
func (s *search) judge(src *source) error {
	f := &s.opt.Filter
	if !f.inTime(src.at) || !s.look.mayFit(src.raw) {
		return nil
	}
	e, ok := auditlog.Parse(src.raw, src.lines.Place())
	if !ok {
		src.lines.Damage()
		return nil
	}
	if !f.fits(&e) {
		if f.mayHide(&e) {
			s.result.Hidden += f.hidden(&e)
		}
		return nil
	}
	s.result.Found++
	if n := s.result.Reasons[e.Reason]; n > 0 || len(s.result.Reasons) < maxReasons {
		s.result.Reasons[e.Reason] = n + 1
	}
	return s.opt.Found(&e, src.raw)
}

// ended notes what was damaged of a file.
func (s *search) ended(src *source) {
	if text := src.lines.Problem(); text != "" {
		s.result.Damaged += src.lines.Damaged()
		s.problem(text)
	}
}

func (s *search) problem(text string) {
	if len(s.result.Problems) >= maxProblems {
		s.result.More++
		return
	}
	s.result.Problems = append(s.result.Problems, text)
}

func (s *search) problems() error {
	var err error
	for _, text := range s.result.Problems {
		err = errors.Join(err, errors.New(text))
	}
	if err == nil {
		return errors.New("no file is named")
	}
	return err
}
