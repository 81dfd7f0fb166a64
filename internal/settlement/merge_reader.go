package settlement

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxLine is the longest line in bytes that can parse, without its LF.
var maxLine = regulation.MaxVendorIDLen + regulation.MaxKeyVersion + 3 +
	base64.StdEncoding.EncodedLen(maxTerminal) + base64.StdEncoding.EncodedLen(maxSupplement)

// readBuffer is how many bytes of a report are read at once. A bad line up to this length
// is seen whole.
const readBuffer = 256 << 10

// byteOrderMark is what some editors put before UTF-8.
var byteOrderMark = []byte("\ufeff")

// ReportReader reads a report line by line, as strictly as Export writes it: a line that it
// finds good stands in the file with exactly the bytes that Export gives it.
type ReportReader struct {
	path  string
	file  *os.File
	begin os.FileInfo // as the file was when it was opened
	read  mergeTally
	in    *bufio.Reader

	lines int64 // read so far
	rest  bool  // the line at hand has more than the buffer holds
}

// ReportLine is one line of a report.
type ReportLine struct {
	Number int64  // from 1
	Raw    []byte // without its LF; valid until the next call
	Line   Line   // if Err is nil
	Err    error  // why the line is bad
}

// OpenReport opens a report for reading. The caller closes it.
func OpenReport(path string) (*ReportReader, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &ReportReader{path: path, file: f, begin: info, read: mergeTally{from: f, hash: sha256.New()}}
	r.in = bufio.NewReaderSize(&r.read, readBuffer)
	return r, nil
}

// Next returns the next line, good or bad, or io.EOF after the last. Any other error means
// that the file cannot be read.
func (r *ReportReader) Next() (ReportLine, error) {
	if err := r.CopyRest(io.Discard); err != nil {
		return ReportLine{}, err
	}
	raw, err := r.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(raw) == 0 {
		return ReportLine{}, io.EOF
	}
	r.lines++
	l := ReportLine{Number: r.lines, Raw: raw}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		r.rest = true
		l.Err = errTooLong
	case errors.Is(err, io.EOF):
		l.Err = errors.New("cut off: the last line does not end in LF")
	case err != nil:
		return ReportLine{}, fmt.Errorf("%s:%d: %w", r.path, r.lines, err)
	default:
		l.Raw = raw[:len(raw)-1]
		l.Line, l.Err = r.parse(l.Raw)
	}
	return l, nil
}

// CopyRest writes to w what Raw lacks of the line at hand, which is longer than any that
// can be meant.
func (r *ReportReader) CopyRest(w io.Writer) error {
	for r.rest {
		more, err := r.in.ReadSlice('\n')
		r.rest = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !r.rest && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:%d: %w", r.path, r.lines, err)
		}
		if _, err := w.Write(bytes.TrimSuffix(more, []byte{'\n'})); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (r *ReportReader) Close() error { return r.file.Close() }

// Lines is how many lines Next has returned.
func (r *ReportReader) Lines() int64 { return r.lines }

// Offset is how many bytes have been read, of Size.
func (r *ReportReader) Offset() int64 { return r.read.bytes }

// Size is how many bytes the file had when it was opened.
func (r *ReportReader) Size() int64 { return r.begin.Size() }

// Sum is the SHA-256 of the file, once Next has returned io.EOF.
func (r *ReportReader) Sum() (sum [sha256.Size]byte) {
	r.read.hash.Sum(sum[:0])
	return sum
}

// CheckUnchanged returns an error if, after all was read, the file under this name is no
// longer the one that was opened, or what was read is not all of it.
func (r *ReportReader) CheckUnchanged() error {
	now, err := os.Stat(r.path)
	if err != nil {
		return fmt.Errorf("%s changed while it was read: %w", r.path, err)
	}
	if !os.SameFile(r.begin, now) || now.Size() != r.begin.Size() || !now.ModTime().Equal(r.begin.ModTime()) ||
		r.read.bytes != r.begin.Size() {
		return fmt.Errorf("%s changed while it was read; wait until it is complete and begin again", r.path)
	}
	return nil
}

var errTooLong = fmt.Errorf("longer than %d bytes, which no line can be", maxLine)

// parse reads one line; the faults that editors and transfers make are named as such.
func (r *ReportReader) parse(raw []byte) (Line, error) {
	switch {
	case len(raw) == 0:
		return Line{}, errors.New("blank line")
	case r.lines == 1 && bytes.HasPrefix(raw, byteOrderMark):
		return Line{}, errors.New("the file begins with a byte order mark (BOM): save it as UTF-8 without")
	case raw[len(raw)-1] == '\r':
		return Line{}, errors.New("the line ends in CRLF: want LF")
	case len(raw) > maxLine:
		return Line{}, errTooLong
	}
	return ParseLine(raw)
}

// mergeTally counts and hashes what is read.
type mergeTally struct {
	from  io.Reader
	hash  hash.Hash
	bytes int64
}

func (t *mergeTally) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.hash.Write(p[:n])
	t.bytes += int64(n)
	return n, err
}
