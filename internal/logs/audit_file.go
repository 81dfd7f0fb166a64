package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// openAuditFile opens path for appending; "" is standard error, which is never closed.
func openAuditFile(path string) (auditFile, error) {
	if path == "" {
		return &osFile{File: os.Stderr}, nil
	}
	return openAuditFlags(path, 0)
}

func openAuditFlags(path string, more int) (auditFile, error) {
	// The group may read it, for the program that ships logs. Our own read access serves only
	// to see whether the last line is whole.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|more, 0o640) //nolint:gosec // G302: the group is meant
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = endLastLine(f, info.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", errors.Join(err, f.Close()))
	}
	return &osFile{File: f, regular: info.Mode().IsRegular(), ours: true}, nil
}

// endLastLine ends the line that a crash tore, so that the next entry has its own.
func endLastLine(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, size-1); err != nil && err != io.EOF {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err := f.WriteString("\n")
	return err
}

// osFile is a file whose Sync and Close do what makes sense for its kind: a pipe cannot be
// synced, and standard error is not ours to close.
type osFile struct {
	*os.File
	regular, ours bool
}

func (f *osFile) Sync() error {
	if !f.regular {
		return nil
	}
	return f.File.Sync()
}

func (f *osFile) Close() error {
	if !f.ours {
		return nil
	}
	return f.File.Close()
}

// flush writes a batch. The write is not tried again: what it did not take is lost, counted and
// reported to the observers.
func (a *Audit) flush(b batch) {
	whole, err := a.writeLines(b)
	if err != nil {
		err = fmt.Errorf("audit log: %w", err)
	}
	a.settle(b, whole, err)
}

// writeLines returns how many entries from the first on were written whole. A line of which a
// failed write left the beginning is ended first, so that each entry has a line of its own.
func (a *Audit) writeLines(b batch) (whole int, err error) {
	a.io.Lock()
	defer a.io.Unlock()
	if err := a.endTorn(); err != nil {
		return 0, err
	}
	if whole, err := a.put(b); err != nil {
		return whole, err
	}
	return a.kept(b)
}

// put writes the lines to the file that is open now, and returns how many entries from the first on it took whole. io is held.
func (a *Audit) put(b batch) (whole int, err error) {
	n, err := a.file.Write(b.lines)
	if err == nil && n < len(b.lines) {
		err = io.ErrShortWrite
	}
	if err == nil {
		return b.entries, nil
	}
	a.torn = n > 0 && b.lines[n-1] != '\n'
	return bytes.Count(b.lines[:n], []byte{'\n'}), err
}

// endTorn ends a torn line. io is held.
func (a *Audit) endTorn() error {
	if !a.torn {
		return nil
	}
	_, err := a.file.Write([]byte{'\n'})
	a.torn = err != nil
	return err
}

// kept checks whether the file that has the lines still has a name. If not, they are written to the
// next one, so that no line that a call waits for is in a file that was deleted before.
func (a *Audit) kept(b batch) (whole int, err error) {
	lost, err := a.follow()
	switch {
	case !lost:
		return b.entries, nil // also where the file was moved and no other can be made: follow has noted that
	case err != nil:
		return 0, err
	}
	return a.put(b)
}

// finish is the end of the file, when all is drained.
func (a *Audit) finish() {
	a.io.Lock()
	defer a.io.Unlock()
	_ = a.endTorn() // if it fails, the next OpenAudit does it
	err := a.file.Sync()
	if err != nil {
		a.failed(0, fmt.Errorf("audit log: %w", err))
	}
	a.closeErr = errors.Join(err, a.file.Close())
	a.file = nil
}
