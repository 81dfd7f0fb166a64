package archive

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// AuditLogs are the audit logs of fronts, rotated and gzipped ones among them, of which each day takes its lines.
type AuditLogs struct{ logs []auditSpan }

// auditSpan is a log with the times of its lines.
type auditSpan struct {
	path        string
	first, last time.Time
}

// IndexAudit reads the logs once, so that each day opens only those that have lines of its window.
func IndexAudit(paths []string, reading func(path string)) (*AuditLogs, error) {
	all := &AuditLogs{}
	for _, path := range paths {
		if reading != nil {
			reading(path)
		}
		span := auditSpan{path: path}
		err := eachAuditLine(path, func(_ []byte, at time.Time) error {
			if span.first.IsZero() || at.Before(span.first) {
				span.first = at
			}
			if at.After(span.last) {
				span.last = at
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if !span.first.IsZero() {
			all.logs = append(all.logs, span)
		}
	}
	return all, nil
}

// eachAuditLine gives each line with its time; one that has none has that of the line before.
func eachAuditLine(path string, f func(line []byte, at time.Time) error) (err error) {
	in, err := auditlog.OpenLines(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var at time.Time
	for {
		text, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if t, ok := auditlog.TimeOf(text); ok {
			at = t
		}
		if at.IsZero() {
			continue
		}
		if err := f(text, at); err != nil {
			return err
		}
	}
}

// of are the logs with lines in [start, end).
func (l *AuditLogs) of(start, end time.Time) (paths []string) {
	if l == nil {
		return nil
	}
	for _, s := range l.logs {
		if s.first.Before(end) && !s.last.Before(start) {
			paths = append(paths, s.path)
		}
	}
	return paths
}

// addAudit writes the lines in [start, end) of each log as a member.
func (w *writer) addAudit(l *AuditLogs, start, end time.Time) error {
	for i, path := range l.of(start, end) {
		name := fmt.Sprintf("%s%03d-%s", auditFolder, i+1, filepath.Base(path))
		err := w.add(name, func(to io.Writer) error {
			return eachAuditLine(path, func(text []byte, at time.Time) error {
				if at.Before(start) || !at.Before(end) {
					return nil
				}
				_, err := to.Write(append(text[:len(text):len(text)], '\n'))
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
