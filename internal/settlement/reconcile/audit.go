package reconcile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// readAudit hands the accepted logins of all audit logs to the sort.
func (r *run) readAudit(ctx context.Context) error {
	files, total, err := r.openAudits()
	defer func() {
		for _, f := range files {
			_ = f.Close() // was only read
		}
	}()
	if err != nil {
		return err
	}
	seen := make(map[[sha256.Size]byte]string)
	var before int64
	for i, f := range files {
		err := r.readAuditFile(f, uint16(i), func() error {
			return look(ctx, r.opt.ReadingAudit, before+f.Offset(), total)
		})
		if err != nil {
			return err
		}
		before += f.Offset()
		if other, twice := seen[f.Sum()]; twice && f.Lines() > 0 {
			r.result.warn("%s and %s have the same content: entries that are in both count once", other, f.Path())
		}
		seen[f.Sum()] = f.Path()
	}
	return nil
}

// openAudits opens all files before one is read, so that what can be refused is refused at
// once.
func (r *run) openAudits() (files []*auditlog.Reader, total int64, err error) {
	if len(r.opt.Audit) == 0 || len(r.opt.Audit) > math.MaxUint16 {
		return nil, 0, fmt.Errorf("want 1 to %d audit logs", math.MaxUint16)
	}
	for _, path := range r.opt.Audit {
		f, err := auditlog.Open(path)
		if err != nil {
			return files, 0, err
		}
		files = append(files, f)
		total += f.Info().Size()
		for _, other := range files[:len(files)-1] {
			if os.SameFile(f.Info(), other.Info()) {
				return files, 0, fmt.Errorf("audit log: %s and %s are the same file", other.Path(), path)
			}
		}
	}
	return files, total, nil
}

func (r *run) readAuditFile(f *auditlog.Reader, number uint16, told func() error) error {
	read := AuditFile{Path: f.Path(), Gzip: f.Gzip()}
	r.spans = append(r.spans, make(map[int32]span))
	defer func() {
		read.Lines = f.Lines()
		all := whole(r.spans[number])
		read.First, read.Last = all.first, all.last
		r.result.Audit = append(r.result.Audit, read)
	}()
	noise, good := 0, int64(0) // lines in a row that are no entries
	for {
		line, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if noise == auditlog.MaxNoise {
			err = auditlog.ErrNoise
		}
		if err != nil && !errors.Is(err, auditlog.ErrLong) {
			// The rest of the file cannot be read: note it, and compare what was read.
			read.Bad, read.Stopped = read.Bad+1, err.Error()
			r.result.warn("%s: nothing from there on was read: %v", f.Place(), err)
			r.result.add(AuditUnreadable, Difference{Where: f.Place(), Detail: "everything from here on: " + err.Error()})
			break
		}
		if err := r.takeLine(f, number, line, err, &read); err != nil {
			return err
		}
		noise++
		if now := f.Lines() - read.Bad - read.Torn; now > good {
			noise, good = 0, now
		}
		if f.Lines()%step == 0 {
			if err := told(); err != nil {
				return err
			}
		}
	}
	if read.Torn > 0 {
		r.result.warn("%s: %d torn lines, as a crash leaves them: what they said is lost", f.Path(), read.Torn)
	}
	return told()
}

// takeLine judges one line; bad says that it could not be read whole.
func (r *run) takeLine(f *auditlog.Reader, number uint16, line []byte, bad error, read *AuditFile) error {
	var e entry
	if bad == nil {
		e, bad = parseEntry(line)
	}
	if bad == nil {
		cover(r.spans[number], e.front, e.at)
	}
	switch {
	case errors.Is(bad, auditlog.ErrTorn):
		read.Torn++
		return nil
	case bad != nil:
		read.Bad++
		r.result.add(AuditUnreadable, Difference{Where: f.Place(), Detail: bad.Error()})
		return nil //nolint:nilerr // it is in the result
	case e.id == uuid.Nil:
		return nil
	case e.what != isUnanswered:
		read.Logins++
		if e.what != aLogin {
			read.Submissions++
		}
		r.result.name(e, r.days)
	}
	return r.logged.Add(appendLogged(nil, e, sha256.Sum256(line), number, f.Lines()))
}

// place is how people and editors name a line.
func place(path string, line int64) string { return fmt.Sprintf("%s:%d", path, line) }
