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
type AuditLogs struct{ logs []auditLog }

// auditLog is a log with the times of its lines, hour by hour: logs of months may have none of a day between, and so may one of a front that
// was away. A window is longer than an hour, so what of() says of it is exact.
type auditLog struct {
	path  string
	hours map[int64]*auditSpan // by hours since 1970
}

// auditSpan has the times of an hour's lines.
type auditSpan struct{ first, last time.Time }

func (l *auditLog) add(at time.Time) {
	hour := at.Unix() / int64(time.Hour/time.Second)
	span := l.hours[hour]
	if span == nil {
		l.hours[hour] = &auditSpan{at, at}
		return
	}
	if at.Before(span.first) {
		span.first = at
	}
	if at.After(span.last) {
		span.last = at
	}
}

// has reports whether a line is in [start, end).
func (l *auditLog) has(start, end time.Time) bool {
	for _, span := range l.hours {
		if span.first.Before(end) && !span.last.Before(start) {
			return true
		}
	}
	return false
}

// IndexAudit reads the logs once, so that each day opens only those that have lines of its window.
func IndexAudit(paths []string, reading func(path string)) (*AuditLogs, error) {
	all := &AuditLogs{}
	for _, path := range paths {
		if reading != nil {
			reading(path)
		}
		log := auditLog{path, make(map[int64]*auditSpan)}
		err := eachAuditLine(path, func(_ []byte, at time.Time) error {
			log.add(at)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all.logs = append(all.logs, log)
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
	for i := range l.logs {
		if l.logs[i].has(start, end) {
			paths = append(paths, l.logs[i].path)
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
