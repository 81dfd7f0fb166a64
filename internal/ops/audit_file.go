package ops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// openAuditFile opens path for appending; "" is standard error, which is never closed.
func openAuditFile(path string) (auditFile, error) {
	if path == "" {
		return &osFile{File: os.Stderr}, nil
	}
	// The group may read it: whoever ships logs off. Our own read access serves only to
	// look whether the last line is whole.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640) //nolint:gosec // G302: the group is meant
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

// flush writes a batch, behind the rest of a torn line if there is one. The write is not
// tried again: what it did not take is lost and told.
func (a *Audit) flush(b batch) {
	whole, err := a.writeLines(b)
	if err != nil {
		err = fmt.Errorf("audit log: %w", err)
	}
	a.settle(b, whole, err)
}

// writeLines says how many entries from the first on were written whole.
func (a *Audit) writeLines(b batch) (whole int, err error) {
	a.io.Lock()
	defer a.io.Unlock()
	out, before := b.lines, len(a.torn)
	if before > 0 {
		out = slices.Concat(a.torn, b.lines) // its entry was counted as lost when it tore
	}
	n, err := a.file.Write(out)
	if err == nil && n < len(out) {
		err = io.ErrShortWrite
	}
	if err == nil {
		a.torn = nil
		return a.kept(b)
	}
	if n > before {
		whole = bytes.Count(b.lines[:n-before], []byte{'\n'})
	}
	if n > 0 { // else the file is as it was, and so is what it lacks
		a.torn = tornRest(out, n)
	}
	return whole, err
}

// kept looks whether the file that has the lines still has a name. If not, they go into the next
// one, so that no line that was waited for is in a file that was deleted before.
func (a *Audit) kept(b batch) (whole int, err error) {
	again, err := a.follow()
	if err == nil && again {
		_, err = a.file.Write(b.lines)
	}
	if err != nil {
		return 0, err
	}
	return b.entries, nil
}

// finish is the end of the file, when all is drained.
func (a *Audit) finish() {
	a.io.Lock()
	defer a.io.Unlock()
	_, _ = a.file.Write(a.torn) // a last try to complete a torn line
	err := a.file.Sync()
	if err != nil {
		a.failed(0, fmt.Errorf("audit log: %w", err))
	}
	a.closeErr = errors.Join(err, a.file.Close())
	a.file = nil
}

// tornRest is the rest of the line that the first n bytes of lines end in the middle of,
// n at least 1.
func tornRest(lines []byte, n int) []byte {
	if lines[n-1] == '\n' {
		return nil
	}
	rest := lines[n:]
	return bytes.Clone(rest[:bytes.IndexByte(rest, '\n')+1])
}
