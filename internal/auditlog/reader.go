package auditlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/tradefront/tradefront/internal/files"
)

const (
	// auditBuffer is how many bytes of an audit log are read at once, and the longest line:
	// entries are below 1 KiB.
	auditBuffer = 64 << 10
	// MaxNoise is how many lines in a row may be no entries. A disk that failed leaves one
	// long line of zeros; a file with more than these is no audit log.
	MaxNoise = 10_000
	// maxRatio is how many times its size a gzipped log may unpack to, once it is over
	// ratioFrom bytes. Lines of audit logs shrink to a tenth; a hundredth would be little.
	maxRatio, ratioFrom = 250, 16 << 20
)

// ErrNoise says that a file is no audit log: MaxNoise lines in a row were no entries.
var ErrNoise = fmt.Errorf("%d lines in a row are no entries, so it is no audit log", MaxNoise)

// compressed are the forms that we name instead of reading them.
var compressed = []struct{ magic, advice string }{
	{"\xfd7zXZ\x00", "is compressed by xz; unpack it first (xz -d)"},
	{"\x28\xb5\x2f\xfd", "is compressed by zstd; unpack it first (zstd -d)"},
	{"BZh", "is compressed by bzip2; unpack it first (bzip2 -d)"},
}

// Reader reads the lines of one audit log, gzipped or not. Make it with Open.
type Reader struct {
	path  string
	file  *os.File
	info  os.FileInfo
	raw   counter // bytes of the file
	gzip  bool
	hash  hash.Hash // of the lines
	in    *bufio.Reader
	lines int64
}

// Open looks at the first bytes of a file, and refuses what cannot be an audit log that we read.
func Open(path string) (*Reader, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	a := &Reader{path: path, file: f, raw: counter{from: f}, hash: sha256.New()}
	if err := a.unpack(); err != nil {
		return nil, errors.Join(fmt.Errorf("audit log: %w", err), f.Close())
	}
	return a, nil
}

// unpack looks at the first bytes: rotation gives files all kinds of names.
func (a *Reader) unpack() (err error) {
	if a.info, err = a.file.Stat(); err != nil {
		return err
	}
	buffered := bufio.NewReaderSize(&a.raw, auditBuffer)
	head, err := buffered.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, c := range compressed {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return fmt.Errorf("%s %s", a.path, c.advice)
		}
	}
	var text io.Reader = buffered
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		a.gzip = true
		unzip, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("%s: %w", a.path, err)
		}
		text = &unpacked{from: unzip, raw: &a.raw}
	}
	a.in = bufio.NewReaderSize(io.TeeReader(text, a.hash), auditBuffer)
	return nil
}

// Next returns the next line without its LF, or io.EOF. A
// line that is too long comes as an ErrLong, without its text.
func (a *Reader) Next() (line []byte, err error) {
	line, err = a.in.ReadSlice('\n')
	if len(line) > 0 {
		a.lines++
	}
	switch {
	case err == nil:
		return line[:len(line)-1], nil
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, a.skipLine()
	case errors.Is(err, io.EOF) && len(line) > 0:
		return line, nil // the last line, without its LF: torn, or being written right now
	}
	return nil, err
}

// ErrLong says that a line is too long to be an entry.
var ErrLong = fmt.Errorf("longer than %d bytes", auditBuffer)

// skipLine goes to the end of the line at hand.
func (a *Reader) skipLine() error {
	for {
		switch _, err := a.in.ReadSlice('\n'); {
		case err == nil || errors.Is(err, io.EOF):
			return ErrLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// Sum is the SHA-256 of the lines that were read.
func (a *Reader) Sum() (sum [sha256.Size]byte) {
	a.hash.Sum(sum[:0])
	return sum
}

// Path is the name under which the file was opened.
func (a *Reader) Path() string { return a.path }

// Info is the file's when it was opened.
func (a *Reader) Info() os.FileInfo { return a.info }

// Gzip reports whether the file is gzipped.
func (a *Reader) Gzip() bool { return a.gzip }

// Lines is how many lines were read.
func (a *Reader) Lines() int64 { return a.lines }

// Offset is how many bytes of the file were read.
func (a *Reader) Offset() int64 { return a.raw.bytes }

// Place is how people and editors name the last line that was read.
func (a *Reader) Place() string { return fmt.Sprintf("%s:%d", a.path, a.lines) }

// Close closes the file.
func (a *Reader) Close() error { return a.file.Close() }

// unpacked is what comes out of gzip. It fails where a few kilobytes become gigabytes, which
// would keep this command busy for as long as the file's author likes.
type unpacked struct {
	from  io.Reader
	raw   *counter
	bytes int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	u.bytes += int64(n)
	if u.bytes > ratioFrom && u.bytes/maxRatio > u.raw.bytes {
		return 0, fmt.Errorf("unpacks to more than %d times its size, as no audit log does", maxRatio)
	}
	return n, err
}

// counter counts what is read.
type counter struct {
	from  io.Reader
	bytes int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.bytes += int64(n)
	return n, err
}
