package auditsearch

import (
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// slack is how far lines of a log may be out of the order of time, for steps of the machine's clock.
const slack = time.Hour

// log is one file.
type log struct {
	path   string
	size   int64
	first  time.Time // of its first entry; zero if it has none
	family family
}

// family is what the rotated files of one log have in common.
type family struct {
	folder, stem string
	front        int32
}

// stemOf is a name without what rotation adds: audit.jsonl of audit.jsonl.3.gz and of audit.jsonl-20260105.
func stemOf(path string) string {
	return strings.TrimRight(strings.TrimSuffix(filepath.Base(path), ".gz"), "-._0123456789")
}

// inspect opens a file for its first entry.
func inspect(path string) (log, error) {
	lines, err := auditlog.OpenLines(path)
	if err != nil {
		return log{}, err
	}
	defer lines.Close()
	l := log{path: path, size: lines.Info().Size()}
	for {
		raw, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return log{}, err
		}
		if e, ok := auditlog.Parse(raw, ""); ok && !e.Time.IsZero() {
			l.first, l.family = e.Time, family{filepath.Dir(path), stemOf(path), e.FrontID}
			return l, nil
		}
	}
}

// inTime leaves out the files that cannot have lines of the time, and puts the others into the order of their first entries.
func inTime(logs []log, f *Filter) []log {
	slices.SortStableFunc(logs, func(a, b log) int { return cmp.Or(a.first.Compare(b.first), strings.Compare(a.path, b.path)) })
	next := make(map[family]time.Time) // the first entry of the file behind, of the same family
	kept := make([]log, 0, len(logs))
	for _, l := range slices.Backward(logs) {
		behind, is := next[l.family]
		next[l.family] = l.first
		switch {
		case l.first.IsZero(): // it is read, for its damage is to be told
		case !f.Until.IsZero() && l.first.After(f.Until.Add(slack)):
			continue
		case is && !f.Since.IsZero() && behind.Add(slack).Before(f.Since):
			continue
		}
		kept = append(kept, l)
	}
	slices.Reverse(kept)
	return kept
}
