package auditsearch

import (
	"container/heap"
	"errors"
	"io"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// maxOpen is how many files are read at once.
const maxOpen = 128

// source is a file that is being read.
type source struct {
	log   *log
	order int // among files, for lines of the same time
	lines *auditlog.Lines
	raw   []byte    // the next line
	at    time.Time // of it; of a line without a time, that of the one before
}

// sources are those that have a next line, the earliest first.
type sources []*source

func (s sources) Len() int { return len(s) }
func (s sources) Less(i, j int) bool {
	if c := s[i].at.Compare(s[j].at); c != 0 {
		return c < 0
	}
	return s[i].order < s[j].order
}
func (s sources) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push is part of heap.Interface.
func (s *sources) Push(x any) { *s = append(*s, x.(*source)) }

// Pop is part of heap.Interface.
func (s *sources) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// merge gives every line of the files that has its time, in the order of time.
func (s *search) merge(logs []log, each func(*source) error) error {
	var open sources
	defer func() {
		for _, src := range open {
			_ = src.lines.Close() // it was only read
		}
	}()
	for next := 0; next < len(logs) || len(open) > 0; {
		if next < len(logs) && len(open) < maxOpen && (len(open) == 0 || !logs[next].first.After(open[0].at)) {
			if src := s.open(&logs[next], next); src != nil && s.advance(src) {
				heap.Push(&open, src)
			}
			next++
			continue
		}
		src := open[0]
		if err := each(src); err != nil {
			return err
		}
		if s.advance(src) {
			heap.Fix(&open, 0)
		} else {
			heap.Pop(&open)
		}
	}
	return nil
}

func (s *search) open(l *log, order int) *source {
	lines, err := auditlog.OpenLines(l.path)
	if err != nil { // it was read a moment ago
		s.problem(err.Error())
		return nil
	}
	return &source{log: l, order: order, lines: lines, at: l.first}
}

// advance reads the next line. At the end, or behind the time that is looked for, it closes the file and is false.
func (s *search) advance(src *source) bool {
	before := src.lines.Offset()
	raw, err := src.lines.Next()
	s.done += src.lines.Offset() - before
	if err == nil {
		src.raw = raw
		if at, ok := auditlog.TimeOf(raw); ok {
			src.at = at
		}
		if until := s.opt.Filter.Until; until.IsZero() || src.at.Before(until.Add(slack)) {
			return true
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.problem(err.Error())
	}
	s.ended(src)
	_ = src.lines.Close()
	return false
}
