package settlement

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// Records that `calendar reassign` moved from a day to another and, once the calendar was corrected, back arrive anew: by the position of
// the last export they are late, and a supplement would repeat lines that the report has. Only the report's files tell which they are.

// ChainFileError says that a file which holds the day's lines is needed and not in the folder as it was exported.
type ChainFileError struct {
	Day    calendar.TradingDay
	Path   string
	Edited bool // there is a file of another content
}

func (e *ChainFileError) Error() string {
	if e.Edited {
		return fmt.Sprintf("%s is not what was exported: records of %[2]s were moved to another day after it was written, and a supplement must leave out "+
			"those that came back; name the folder of that file with --out, or export the whole day into another one: report export --day %[2]s", e.Path, e.Day)
	}
	return fmt.Sprintf("%s is not there: records of %[2]s were moved to another day after it was written, and a supplement must leave out "+
		"those that came back; name the folder of that file with --out, or export the whole day into another one: report export --day %[2]s", e.Path, e.Day)
}

// reportedLines are the lines of the day's report and its supplements, by their sums: 32 bytes of each are in memory. They are
// read when the first is asked for: without a late record no file is needed.
type reportedLines struct {
	files []store.Export
	day   calendar.TradingDay
	dir   string
	sums  map[[sha256.Size]byte]struct{}
}

// reported is what a supplement must leave out: nil if no record was moved away since the last full export.
func (j *exportJob) reported(ctx context.Context) (*reportedLines, error) {
	if j.kind != store.SupplementExport {
		return nil, nil //nolint:nilnil // a full report repeats nothing
	}
	left, err := j.Store.Left(ctx)
	if err != nil || !slices.Contains(left, j.day) {
		return nil, err
	}
	return &reportedLines{files: Chain(j.exports), day: j.day, dir: j.OutDir}, nil
}

// has reports whether a file has the line, which ends in LF.
func (l *reportedLines) has(line []byte) (bool, error) {
	if l.sums == nil {
		l.sums = make(map[[sha256.Size]byte]struct{})
		for i := range l.files {
			if err := l.read(&l.files[i]); err != nil {
				return false, err
			}
		}
	}
	_, there := l.sums[sha256.Sum256(line[:len(line)-1])]
	return there, nil
}

func (l *reportedLines) read(e *store.Export) (err error) {
	path := filepath.Join(l.dir, e.File)
	in, err := reportfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &ChainFileError{l.day, path, false}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		l.sums[sha256.Sum256(line.Raw)] = struct{}{}
	}
	if in.Sum() != e.SHA256 {
		return &ChainFileError{l.day, path, true}
	}
	return nil
}
