package merge

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

// rejectedBuffer is how many bytes of bad lines are written at once.
const rejectedBuffer = 256 << 10

// maxBadNamed is how many bad lines a *BadLinesError names; all are counted.
const maxBadNamed = 20

// BadLine is a line that no report may have.
type BadLine struct {
	File string
	Line int64 // from 1
	Err  error
}

func (b BadLine) String() string { return fmt.Sprintf("%s:%d: %v", b.File, b.Line, b.Err) }

// BadLinesError says that inputs of a merge have bad lines, and that nothing was written.
type BadLinesError struct {
	Total int64
	First []BadLine // at most maxBadNamed
}

func (e *BadLinesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d bad lines; nothing was written. Get the files anew, or put these lines aside with --skip-bad FILE:", e.Total)
	for _, l := range e.First {
		fmt.Fprintf(&b, "\n  %v", l)
	}
	if more := e.Total - int64(len(e.First)); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

func (e *BadLinesError) add(l BadLine) {
	if e.Total++; len(e.First) < maxBadNamed {
		e.First = append(e.First, l)
	}
}

// rejectedFile is the file that bad lines are put into, a line each: file:line: reason TAB line.
// It appears whole and before the report, or not at all: the lines that a report lacks
// are never lost.
type rejectedFile struct {
	path    string
	pending *renameio.PendingFile
	out     *bufio.Writer
	lines   int64
}

// createRejected refuses to replace a file: it may be the only place where the lines of an
// earlier merge are.
func createRejected(path string) (*rejectedFile, error) {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return nil, fmt.Errorf("--skip-bad: %s is there already; move it away, or name another", path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--skip-bad: %w", err)
	}
	pending, err := files.Create(path, reportfile.Perm)
	if err != nil {
		return nil, fmt.Errorf("--skip-bad: %w", err)
	}
	return &rejectedFile{path: path, pending: pending, out: bufio.NewWriterSize(pending, rejectedBuffer)}, nil
}

// put writes the current line of r, to its end.
func (f *rejectedFile) put(l reportfile.RawLine, r *reportfile.Reader) error {
	f.lines++
	fmt.Fprintf(f.out, "%s:%d: %v\t", r.Path(), l.Number, l.Err) // bufio keeps an error until the next write
	if _, err := f.out.Write(l.Raw); err != nil {
		return err
	}
	if err := r.CopyRest(f.out); err != nil {
		return err
	}
	return f.out.WriteByte('\n')
}

// commit makes the file durable under its name, if a line is in it.
func (f *rejectedFile) commit() error {
	if f.lines == 0 {
		return nil
	}
	if err := f.out.Flush(); err != nil {
		return err
	}
	if err := f.pending.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return files.SyncFolder(filepath.Dir(f.path))
}

func (f *rejectedFile) discard() { _ = f.pending.Cleanup() }
