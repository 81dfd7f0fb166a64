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
)

// readAudit hands the accepted logins of all audit logs to the sort.
func (r *run) readAudit(ctx context.Context) error {
	files, total, err := r.openAudits()
	defer func() {
		for _, f := range files {
			_ = f.file.Close() // was only read
		}
	}()
	if err != nil {
		return err
	}
	seen := make(map[[sha256.Size]byte]string)
	var before int64
	for i, f := range files {
		err := r.readAuditFile(f, uint16(i), func() error {
			return look(ctx, r.opt.ReadingAudit, before+f.raw.bytes, total)
		})
		if err != nil {
			return err
		}
		before += f.raw.bytes
		if other, twice := seen[f.sum()]; twice && f.lines > 0 {
			r.result.warn("%s and %s have the same content: entries that stand in both count once", other, f.path)
		}
		seen[f.sum()] = f.path
	}
	return nil
}

// openAudits opens all files before one is read, so that what can be refused is refused at
// once.
func (r *run) openAudits() (files []*auditReader, total int64, err error) {
	if len(r.opt.Audit) == 0 || len(r.opt.Audit) > math.MaxUint16 {
		return nil, 0, fmt.Errorf("want 1 to %d audit logs", math.MaxUint16)
	}
	for _, path := range r.opt.Audit {
		f, err := openAudit(path)
		if err != nil {
			return files, 0, err
		}
		files = append(files, f)
		total += f.info.Size()
		for _, other := range files[:len(files)-1] {
			if os.SameFile(f.info, other.info) {
				return files, 0, fmt.Errorf("audit log: %s and %s are the same file", other.path, path)
			}
		}
	}
	return files, total, nil
}

func (r *run) readAuditFile(f *auditReader, number uint16, told func() error) error {
	read := AuditFile{Path: f.path, Gzip: f.gzip}
	r.spans = append(r.spans, make(map[int32]span))
	defer func() {
		read.Lines = f.lines
		all := whole(r.spans[number])
		read.First, read.Last = all.first, all.last
		r.result.Audit = append(r.result.Audit, read)
	}()
	noise, good := 0, int64(0) // lines in a row that are no entries
	for {
		line, err := f.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if noise == maxNoise {
			err = errNoise
		}
		if err != nil && !errors.Is(err, errLong) {
			// The rest of the file cannot be read: note it, and compare what was read.
			read.Bad, read.Stopped = read.Bad+1, err.Error()
			r.result.warn("%s: nothing from there on was read: %v", place(f.path, f.lines), err)
			r.result.add(AuditUnreadable, Difference{Where: place(f.path, f.lines), Detail: "everything from here on: " + err.Error()})
			break
		}
		if err := r.takeLine(f, number, line, err, &read); err != nil {
			return err
		}
		noise++
		if now := f.lines - read.Bad - read.Torn; now > good {
			noise, good = 0, now
		}
		if f.lines%step == 0 {
			if err := told(); err != nil {
				return err
			}
		}
	}
	if read.Torn > 0 {
		r.result.warn("%s: %d torn lines, as a crash leaves them: what they said is lost", f.path, read.Torn)
	}
	return told()
}

// takeLine judges one line; bad says that it could not be read whole.
func (r *run) takeLine(f *auditReader, number uint16, line []byte, bad error, read *AuditFile) error {
	var e entry
	if bad == nil {
		e, bad = parseEntry(line)
	}
	if bad == nil {
		cover(r.spans[number], e.front, e.at)
	}
	switch {
	case errors.Is(bad, errTorn):
		read.Torn++
		return nil
	case bad != nil:
		read.Bad++
		r.result.add(AuditUnreadable, Difference{Where: place(f.path, f.lines), Detail: bad.Error()})
		return nil //nolint:nilerr // it is in the result
	case e.id == uuid.Nil:
		return nil
	case !e.unanswered:
		read.Logins++
		r.result.name(e, r.opt.Day)
	}
	return r.logged.Add(appendLogged(nil, e, sha256.Sum256(line), number, f.lines))
}

// place is how people and editors name a line.
func place(path string, line int64) string { return fmt.Sprintf("%s:%d", path, line) }
