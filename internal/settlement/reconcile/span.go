package reconcile

import (
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// spanMargin is how far beyond a front's first or last line of a file a record may lie that the file
// still covers: what a killed front did not write comes right after its last line.
const spanMargin = time.Minute

// span is from when to when a file has lines of one front.
type span struct{ first, last time.Time }

// cover widens the spans of a file by a line.
func cover(spans map[int32]span, front int32, at time.Time) {
	if at.IsZero() {
		return
	}
	s, known := spans[front]
	if !known || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
	spans[front] = s
}

// covered reports whether any file given has the time of that record. Where none does, its entry may
// be in a file that was not given, a rotated one for example.
func (r *run) covered(rec *store.Record) bool {
	for _, file := range r.spans {
		s, known := file[rec.FrontID]
		if known && !rec.LoginTime.Before(s.first.Add(-spanMargin)) && !rec.LoginTime.After(s.last.Add(spanMargin)) {
			return true
		}
	}
	return false
}

// whole is the span of all fronts of a file.
func whole(spans map[int32]span) (all span) {
	for _, s := range spans {
		if all.first.IsZero() || s.first.Before(all.first) {
			all.first = s.first
		}
		if s.last.After(all.last) {
			all.last = s.last
		}
	}
	return all
}
