package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
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
	info  os.FileInfo          // as it was
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
		log := auditLog{path: path, hours: make(map[int64]*auditSpan)}
		err := log.each(func(_ []byte, at time.Time) error {
			log.add(at)
			return nil
		}, nil)
		if err != nil {
			return nil, err
		}
		all.logs = append(all.logs, log)
	}
	return all, nil
}

// each gives each line with its time; one that has none has that of the line before. damage, which may be nil, is told of damaged lines, which
// lie between lines of these times: the zero time for the beginning or the end of the file.
func (l *auditLog) each(f func(line []byte, at time.Time) error, damage func(lines int64, after, before time.Time)) (err error) {
	in, err := auditlog.OpenLines(l.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := l.same(in.Info()); err != nil {
		return err
	}
	var at time.Time
	for damaged := int64(0); ; {
		text, err := in.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		before, _ := auditlog.TimeOf(text)
		if n := in.Damaged() - damaged; n > 0 && damage != nil {
			damage(n, at, before)
		}
		if damaged = in.Damaged(); err != nil {
			return nil // at the end
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

// same is an error if the name leads to another file than it did before, or to less of it: days are archived for hours, and logs are
// rotated meanwhile.
func (l *auditLog) same(now os.FileInfo) error {
	if l.info == nil {
		l.info = now
	}
	if !os.SameFile(l.info, now) || now.Size() < l.info.Size() {
		return fmt.Errorf("audit log: %s is another file than it was when this command began, as after a rotation: run it again, with the names as they are now",
			l.path)
	}
	return nil
}

// of are the logs with lines in [start, end).
func (l *AuditLogs) of(start, end time.Time) (logs []*auditLog) {
	if l == nil {
		return nil
	}
	for i := range l.logs {
		if l.logs[i].has(start, end) {
			logs = append(logs, &l.logs[i])
		}
	}
	return logs
}

// addAudit writes the lines in [start, end) of each log as a member. missing are those that may be of that time and are damaged.
func (w *writer) addAudit(l *AuditLogs, start, end time.Time) (missing []string, err error) {
	for i, log := range l.of(start, end) {
		name, lost := fmt.Sprintf("%s%03d-%s", auditFolder, i+1, filepath.Base(log.path)), int64(0)
		err := w.add(name, func(to io.Writer) error {
			return log.each(func(text []byte, at time.Time) error {
				if at.Before(start) || !at.Before(end) {
					return nil
				}
				_, err := to.Write(append(text[:len(text):len(text)], '\n'))
				return err
			}, func(lines int64, after, before time.Time) {
				if (after.IsZero() || after.Before(end)) && (before.IsZero() || !before.Before(start)) {
					lost += lines
				}
			})
		})
		if err != nil {
			return nil, err
		}
		if lost > 0 {
			missing = append(missing, fmt.Sprintf("the damaged lines of %s (%d)", filepath.Base(log.path), lost))
		}
	}
	return missing, nil
}
