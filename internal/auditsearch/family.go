package auditsearch

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/files"
)

// slack is how far lines of a log may be out of the order of time, for steps of the machine's clock.
const slack = time.Hour

// log is one file.
type log struct {
	path   string
	size   int64
	gzip   bool
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
	l := log{path: path, size: lines.Info().Size(), gzip: lines.Gzip()}
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

// tail is how many bytes at the end of a log are looked at for its last time.
const tail = 64 << 10

// endsBefore reports whether a log has no line from that time on. The next file of its family may be a copy of its beginning, under a name like
// those of rotation: so a log that may still be written to is asked itself. What is gzipped is whole, and cannot be read from its end.
func (l *log) endsBefore(at time.Time) bool {
	if l.gzip {
		return true
	}
	f, err := files.Open(l.path)
	if err != nil {
		return false // it is read, which tells why it cannot be
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	end := make([]byte, min(tail, info.Size()))
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	for len(end) > 0 {
		cut := bytes.LastIndexByte(bytes.TrimSuffix(end, []byte{'\n'}), '\n') + 1
		if last, ok := auditlog.TimeOf(end[cut:]); ok {
			return last.Add(slack).Before(at)
		}
		end = end[:cut]
	}
	return false
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
		case is && !f.Since.IsZero() && behind.Add(slack).Before(f.Since) && l.endsBefore(f.Since):
			continue
		}
		kept = append(kept, l)
	}
	slices.Reverse(kept)
	return kept
}
