package merge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// sortMemory is how many bytes of lines a merge sorts in memory at a time.
	sortMemory = 8 << 20
	// progressLines is how many lines lie between two looks at the context and two calls
	// of Reading or Writing.
	progressLines = 4096
	// maxVendors is how many vendor IDs a manifest names: more than a firm has seats, less than
	// a file of another kind would make.
	maxVendors = 16
)

// Options are what to merge and where to.
//
// The result holds each different line of the inputs once, in bytewise order (that of
// LC_ALL=C sort -u), so that the same inputs in any order make the same file.
type Options struct {
	Inputs  []string // at least two reports of the same unit and day
	OutDir  string   // must exist
	SkipBad string   // file to put bad lines into; "" means that a bad line is an error
	Waiver  Waiver   // who answers for SkipBad
	TempDir string   // for what does not fit in memory, up to twice the inputs; "" is OutDir
	Version string   // of the program, for the manifest

	Reading func(done, total int64) // bytes; may be nil
	Writing func(done, total int64) // lines; may be nil
}

// Waiver is who lets a merge go on without bad lines, or in spite of a manifest, when and why. The merged file's
// manifest has it with each; there is no ledger of merged files.
type Waiver struct {
	At         time.Time
	By, Reason string
}

// Input is what was read of one input.
type Input struct {
	Path   string
	Rows   int64 // good lines
	Bad    int64 // rejected lines
	SHA256 [sha256.Size]byte
	Kind   store.ExportKind // as the manifest beside it says; "" without one
}

// Result is the file that a merge made.
type Result struct {
	reportfile.Name
	Path       string
	Manifest   string // path
	Inputs     []Input
	Rows       int64
	Duplicates int64 // lines dropped because an equal one came before
	Bad        int64 // rejected lines
	Bytes      int64
	SHA256     [sha256.Size]byte // of the whole file
	Warnings   []string
}

// Merge makes one report of several, and its manifest. On any error, and when ctx ends, no
// report is made and one that was there stays as it was. The error is a *BadLinesError if
// bad lines are the cause, else a *ManifestsError if an input is not what the manifest beside
// it describes; with SkipBad both are no errors, and the latter is a warning.
//
// If we crash: nothing is left but files .<name><digits> beside the places of the report, of
// its manifest and of SkipBad, which may be removed. After SkipBad has its name and before
// the report has: the rejected lines have their file and there is no report; move them away and merge
// again. After the manifest has its name and before the report has: the report from before
// has its name, or none has, beside a manifest that does not match it, which verify reports; merge again.
func Merge(ctx context.Context, o Options) (Result, error) {
	m, err := newMerge(o)
	if err != nil {
		return Result{}, fmt.Errorf("merge: %w", err)
	}
	defer m.close()
	err = m.read(ctx)
	if err == nil {
		err = m.write(ctx)
	}
	if err != nil {
		return Result{}, fmt.Errorf("merge of %s: %w", m.result.Day, withAdvice(err))
	}
	return m.result, nil
}

// withAdvice adds what to do when there is no room; err names the file.
func withAdvice(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk is full; free three times what the inputs have and merge again: %w", err)
	}
	return err
}

// merge is one merge on its way.
type merge struct {
	opt      Options
	inputs   []*reportfile.Reader
	out      *reportfile.Writer
	rejected *rejectedFile // nil without SkipBad
	sorter   *extsort.Sorter
	bad      BadLinesError
	result   Result
	// vendors counts the lines written by their vendor ID, for the manifest.
	vendors map[string]int64
	// differing is what the manifests of inputs have otherwise.
	differing ManifestsError
	waived    []reportfile.Waived // of the inputs, and what SkipBad waived
	last      []byte              // line written, with its LF

	total, before int64 // bytes: of all inputs, and of those before the one being read
}

func newMerge(o Options) (*merge, error) {
	m := &merge{opt: o, vendors: make(map[string]int64)}
	name, err := commonName(o.Inputs)
	if err == nil {
		m.result.Name = name
		err = m.open()
	}
	if err != nil {
		m.close()
		return nil, err
	}
	if o.TempDir == "" {
		o.TempDir = o.OutDir
	}
	m.sorter = extsort.New(o.TempDir, sortMemory)
	return m, nil
}

// read hands all good lines to the sorter.
func (m *merge) read(ctx context.Context) error {
	for _, in := range m.inputs {
		done, err := m.readInput(ctx, in)
		if err != nil {
			return err
		}
		m.before += in.Offset()
		m.compareManifest(&done)
		m.result.Inputs = append(m.result.Inputs, done)
	}
	if m.rejected == nil && m.bad.Total > 0 {
		return &m.bad
	}
	if m.rejected == nil && len(m.differing.Problems) > 0 {
		return &m.differing
	}
	m.result.Warnings = append(m.result.Warnings, m.differing.Problems...)
	m.result.Bad = m.bad.Total
	m.warnOfCopies()
	return nil
}

func (m *merge) readInput(ctx context.Context, in *reportfile.Reader) (Input, error) {
	bad := m.bad.Total
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = m.take(line, in)
		}
		if err == nil && line.Number%progressLines == 0 {
			err = m.look(ctx, m.opt.Reading, m.before+in.Offset(), m.total)
		}
		if err != nil {
			return Input{}, err
		}
	}
	if err := in.CheckUnchanged(); err != nil {
		return Input{}, err
	}
	if bad = m.bad.Total - bad; bad > 0 {
		m.waive(LinesRejected, in.Path(), bad, fmt.Sprintf("has %d bad lines, which the merged file lacks", bad),
			"get the file anew from the seat and merge again; the lines are in "+filepath.Base(m.opt.SkipBad))
	}
	return Input{Path: in.Path(), Rows: in.Lines() - bad, Bad: bad, SHA256: in.Sum()},
		m.look(ctx, m.opt.Reading, m.before+in.Offset(), m.total)
}

// take adds a good line to the sorter. A bad one is rejected, or named; then the others
// are only looked at, so that all bad lines are named at once.
func (m *merge) take(line reportfile.RawLine, in *reportfile.Reader) error {
	switch {
	case line.Err != nil:
		m.bad.add(BadLine{in.Path(), line.Number, line.Err})
		if m.rejected != nil {
			return m.rejected.put(line, in)
		}
		return nil
	case m.rejected == nil && m.bad.Total > 0:
		return nil
	}
	return m.sorter.Add(line.Raw)
}

// warnOfCopies warns of inputs with the same content: probably one seat's report was taken
// for another's.
func (m *merge) warnOfCopies() {
	for i, in := range m.result.Inputs {
		for _, other := range m.result.Inputs[:i] {
			if in.SHA256 == other.SHA256 && in.Rows > 0 {
				m.result.Warnings = append(m.result.Warnings, fmt.Sprintf(
					"%s and %s have the same content: is one of them a copy, and the other seat's report missing?", other.Path, in.Path))
			}
		}
	}
}

// write makes the file of the sorted lines.
func (m *merge) write(ctx context.Context) error {
	sorted, err := m.sorter.SortContext(ctx)
	if err != nil {
		return err
	}
	total := sorted.Len()
	for n := int64(0); ; n++ {
		if n%progressLines == 0 || n == total {
			if err := m.look(ctx, m.opt.Writing, n, total); err != nil {
				return err
			}
		}
		line, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return m.commit()
		}
		if err == nil {
			err = m.writeLine(line)
		}
		if err != nil {
			return err
		}
	}
}

func (m *merge) writeLine(line []byte) error {
	if bytes.Equal(line, bytes.TrimSuffix(m.last, []byte{'\n'})) {
		m.result.Duplicates++
		return nil
	}
	m.last = append(append(m.last[:0], line...), '\n')
	m.result.Rows++
	m.countVendor(line)
	_, err := m.out.Write(m.last)
	return err
}

func (m *merge) countVendor(line []byte) {
	vendor, _, _ := bytes.Cut(line, []byte{regulation.Separator})
	if _, known := m.vendors[string(vendor)]; known || len(m.vendors) < maxVendors {
		m.vendors[string(vendor)]++
	}
}

// commit gives the files their names, if the inputs are still what was read.
func (m *merge) commit() error {
	if err := m.checkRead(); err != nil {
		return err
	}
	// What can fail for want of room fails before any file has its name.
	if err := m.out.Finish(); err != nil {
		return err
	}
	m.result.Bytes, m.result.SHA256 = m.out.Bytes(), m.out.Sum()
	manifest, err := m.manifest()
	if err != nil {
		return err
	}
	defer func() { _ = manifest.Cleanup() }() // does nothing once it has its name
	if err := m.checkManifestPlace(); err != nil {
		return err // an export was made there meanwhile
	}
	if m.rejected != nil {
		if err := m.rejected.commit(); err != nil {
			return err
		}
	}
	if err := m.publish(manifest); err != nil {
		if m.bad.Total > 0 {
			err = fmt.Errorf("%w (the bad lines are in %s already; move it away)", err, m.rejected.path)
		}
		return err
	}
	return nil
}

// publish gives the manifest its name first, durably, then the report: as with an export.
func (m *merge) publish(manifest *renameio.PendingFile) (err error) {
	if err := manifest.CloseAtomicallyReplace(); err != nil {
		return err // what has the manifest's name is not ours
	}
	defer func() {
		if err != nil {
			reportfile.RemoveOrphan(m.result.Path)
		}
	}()
	if err := files.SyncFolder(m.opt.OutDir); err != nil {
		return err
	}
	if err := m.out.Commit(); err != nil {
		return err
	}
	if m.out.Unsynced() {
		m.result.Warnings = append(m.result.Warnings, reportfile.UnsyncedWarning(m.opt.OutDir))
	}
	return nil
}

// checkRead holds the inputs to what was read of them, and that to what was written.
func (m *merge) checkRead() error {
	var read int64
	for i, in := range m.inputs {
		if err := in.CheckUnchanged(); err != nil {
			return err
		}
		read += m.result.Inputs[i].Rows
	}
	if written := m.result.Rows + m.result.Duplicates; written != read {
		return fmt.Errorf("%d lines were read and %d sorted: this is a bug, nothing was written", read, written)
	}
	return nil
}

// look reports progress, and ends the merge when ctx has ended.
func (m *merge) look(ctx context.Context, tell func(done, total int64), done, total int64) error {
	if tell != nil {
		tell(done, total)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// close frees everything; what was committed stays.
func (m *merge) close() {
	for _, in := range m.inputs {
		_ = in.Close() // was only read
	}
	if m.out != nil {
		m.out.Discard()
	}
	if m.rejected != nil {
		m.rejected.discard()
	}
	if m.sorter != nil {
		_ = m.sorter.Close() // its file is gone with us in any case
	}
}
