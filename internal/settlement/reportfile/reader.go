package reportfile

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
	base64.StdEncoding.EncodedLen(MaxTerminal) + base64.StdEncoding.EncodedLen(MaxSupplement)

// ReadBuffer is how many bytes of a report a Reader reads at once. RawLine.Raw has a bad line up
// to this length whole.
const ReadBuffer = 256 << 10

// byteOrderMark is what some editors put before UTF-8.
var byteOrderMark = []byte("\ufeff")

// Reader reads a report line by line, as strictly as an export writes it: a line that it
// finds good has in the file exactly the bytes that an export gives it.
type Reader struct {
	path  string
	file  *os.File
	begin os.FileInfo // as the file was when it was opened
	read  countingReader
	in    *bufio.Reader

	lines int64 // read so far
	rest  bool  // the line at hand has more than the buffer holds
}

// RawLine is one line as it is in a file, good or bad.
type RawLine struct {
	Number int64  // from 1
	Raw    []byte // without its LF; valid until the next call
	Line   Line   // if Err is nil
	Err    error  // why the line is bad
}

// Open opens a report for reading. The caller must close it.
func Open(path string) (*Reader, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &Reader{path: path, file: f, begin: info, read: countingReader{from: f, hash: sha256.New()}}
	r.in = bufio.NewReaderSize(&r.read, ReadBuffer)
	return r, nil
}

// Next returns the next line, good or bad, or io.EOF after the last. Any other error means
// that the file cannot be read.
func (r *Reader) Next() (RawLine, error) {
	if err := r.CopyRest(io.Discard); err != nil {
		return RawLine{}, err
	}
	raw, err := r.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(raw) == 0 {
		return RawLine{}, io.EOF
	}
	r.lines++
	l := RawLine{Number: r.lines, Raw: raw}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		r.rest = true
		l.Err = errTooLong
	case errors.Is(err, io.EOF):
		l.Err = errors.New("cut off: the last line does not end in LF")
	case err != nil:
		return RawLine{}, fmt.Errorf("%s:%d: %w", r.path, r.lines, err)
	default:
		l.Raw = raw[:len(raw)-1]
		l.Line, l.Err = r.parse(l.Raw)
	}
	return l, nil
}

// CopyRest writes to w what Raw lacks of the line at hand, which is longer than any valid
// line.
func (r *Reader) CopyRest(w io.Writer) error {
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
func (r *Reader) Close() error { return r.file.Close() }

// Path is the name by which the file was opened.
func (r *Reader) Path() string { return r.path }

// Info describes the file as it was when it was opened.
func (r *Reader) Info() os.FileInfo { return r.begin }

// Lines is how many lines Next has returned.
func (r *Reader) Lines() int64 { return r.lines }

// Offset is how many bytes have been read, of Size.
func (r *Reader) Offset() int64 { return r.read.bytes }

// Size is how many bytes the file had when it was opened.
func (r *Reader) Size() int64 { return r.begin.Size() }

// Sum is the SHA-256 of the file, once Next has returned io.EOF.
func (r *Reader) Sum() (sum [sha256.Size]byte) {
	r.read.hash.Sum(sum[:0])
	return sum
}

// CheckUnchanged returns an error if, after all was read, the file under this name is no
// longer the one that was opened, or what was read is not all of it.
func (r *Reader) CheckUnchanged() error {
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
func (r *Reader) parse(raw []byte) (Line, error) {
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

// countingReader counts and hashes what is read.
type countingReader struct {
	from  io.Reader
	hash  hash.Hash
	bytes int64
}

func (t *countingReader) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.hash.Write(p[:n])
	t.bytes += int64(n)
	return n, err
}
