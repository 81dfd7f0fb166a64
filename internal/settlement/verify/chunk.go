package verify

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

const (
	// maxLine is the longest line in bytes that is looked into. The longest that can be
	// meant has ciphertexts of maxTerminal and maxSupplement bytes, 6,853 in all.
	maxLine = 8192
	// chunkBytes is how much of the file is read and judged at a time: some 90 lines, which
	// is little enough to share a small file among processors when keys are used.
	chunkBytes = 64 << 10
)

// chunk is a piece of the file, lines with their LFs. Only the last line of the file may
// lack its LF, and a line that is too long for a chunk, of which the rest is skipped.
type chunk struct {
	data    []byte
	first   int64    // number of the first line
	long    bool     // the last line is cut because it is too long
	vendors []string // of which each line's vendor ID should be one
}

// chunker cuts a file into chunks and counts its lines.
type chunker struct {
	r     io.Reader
	bytes int64 // read so far
	lines int64 // begun so far
	sum   hash.Hash

	rest []byte // of the line that the last chunk ended before
	skip bool   // within a line that is too long
	end  bool   // the file has no more
}

func newChunker(r io.Reader) *chunker {
	return &chunker{r: r, sum: sha256.New(), rest: make([]byte, 0, chunkBytes)}
}

// next fills buf, which has chunkBytes, with the next chunk; io.EOF after the last.
func (c *chunker) next(buf []byte) (chunk, error) {
	for {
		data, err := c.fill(buf)
		if err != nil {
			return chunk{}, err
		}
		if len(data) == 0 {
			return chunk{}, io.EOF
		}
		if !c.skip {
			return c.cut(data), nil
		}
		if at := bytes.IndexByte(data, '\n'); at >= 0 {
			c.rest, c.skip = append(c.rest, data[at+1:]...), false
		}
	}
}

// fill reads as much as fits behind the rest of the chunk before.
func (c *chunker) fill(buf []byte) ([]byte, error) {
	kept := copy(buf[:chunkBytes], c.rest)
	c.rest = c.rest[:0]
	if c.end {
		return buf[:kept], nil
	}
	n, err := io.ReadFull(c.r, buf[kept:chunkBytes])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		c.end, err = true, nil
	}
	c.bytes += int64(n)
	c.sum.Write(buf[kept : kept+n])
	return buf[:kept+n], err
}

// cut keeps the last, unfinished line for the next chunk.
func (c *chunker) cut(data []byte) chunk {
	ch := chunk{data: data, first: c.lines + 1}
	switch at := bytes.LastIndexByte(data, '\n'); {
	case at >= 0 && (!c.end || at < len(data)-1):
		ch.data, c.rest = data[:at+1], append(c.rest, data[at+1:]...)
	case at < 0 && len(data) > maxLine:
		ch.long, c.skip = true, true
	}
	c.lines += int64(bytes.Count(ch.data, []byte{'\n'}))
	if ch.data[len(ch.data)-1] != '\n' {
		c.lines++
	}
	return ch
}
