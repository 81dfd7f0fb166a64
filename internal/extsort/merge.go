package extsort

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrDamaged means that the temporary file does not hold what was written to it.
var ErrDamaged = errors.New("sorting: the temporary file is damaged")

// contextRecords is how many records are merged between two looks at the context.
const contextRecords = 1 << 14

// mergeAll merges runs until the rest can be merged at once, and returns their merger. A
// merger reads into memory, a block for each run.
func (s *spill) mergeAll(ctx context.Context, memory []byte) (*merger, error) {
	fanIn := len(memory) / cap(s.block)
	for len(s.runs) > fanIn {
		// No more than is needed, and the oldest first: those that were merged before
		// are the longest and come last.
		n := min(fanIn, len(s.runs)-fanIn+1)
		if err := s.mergeSome(ctx, n, memory); err != nil {
			return nil, err
		}
		s.runs = s.runs[n:]
	}
	return newMerger(s.file, s.runs, memory, cap(s.block))
}

// mergeSome appends a run that holds what the first n hold.
func (s *spill) mergeSome(ctx context.Context, n int, memory []byte) error {
	m, err := newMerger(s.file, s.runs[:n], memory, cap(s.block))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if i%contextRecords == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rec, err := m.next()
		if errors.Is(err, io.EOF) {
			return s.endRun()
		}
		if err != nil {
			return err
		}
		if err := s.write(rec); err != nil {
			return err
		}
	}
}

// merger hands out the records of several runs in order.
type merger struct {
	sources sources // those that have a record, the least first
	handed  bool    // the first one's record was handed out
}

func newMerger(f io.ReaderAt, runs []run, memory []byte, block int) (*merger, error) {
	m := &merger{sources: make(sources, 0, len(runs))}
	for i, r := range runs {
		src := &source{file: f, run: r, buf: memory[i*block : (i+1)*block]}
		if err := src.next(); err != nil { // a run is never empty
			return nil, err
		}
		m.sources = append(m.sources, src)
	}
	heap.Init(&m.sources)
	return m, nil
}

// next returns the next record, valid until the next call, or io.EOF.
func (m *merger) next() ([]byte, error) {
	if m.handed {
		if err := m.advance(); err != nil {
			return nil, err
		}
	}
	m.handed = true
	if len(m.sources) == 0 {
		return nil, io.EOF
	}
	return m.sources[0].rec, nil
}

// advance moves the first source on, and drops it at its end.
func (m *merger) advance() error {
	if len(m.sources) == 0 {
		return nil
	}
	switch err := m.sources[0].next(); {
	case err == nil:
		heap.Fix(&m.sources, 0)
	case errors.Is(err, io.EOF):
		heap.Pop(&m.sources)
	default:
		return err
	}
	return nil
}

// source reads one run.
type source struct {
	file io.ReaderAt
	run         // what has not been read of it
	buf  []byte // where blocks are read into
	rest []byte // of the block's payload
	rec  []byte // the record at hand
}

// next moves to the next record, or returns io.EOF.
func (s *source) next() error {
	if len(s.rest) == 0 {
		if s.off == s.end {
			return io.EOF
		}
		if err := s.read(); err != nil {
			return err
		}
	}
	n, width := binary.Uvarint(s.rest)
	if width <= 0 || n > uint64(len(s.rest)-width) {
		return fmt.Errorf("%w: a record's length before byte %d", ErrDamaged, s.off)
	}
	end := width + int(n)
	s.rec, s.rest = s.rest[width:end:end], s.rest[end:]
	return nil
}

// read reads and checks one block. With it comes a little of the next, which is read again.
func (s *source) read() error {
	buf := s.buf[:min(int64(len(s.buf)), s.end-s.off)]
	n, err := s.file.ReadAt(buf, s.off)
	if n < len(buf) {
		if err == io.EOF {
			return fmt.Errorf("%w: it ends at byte %d of %d", ErrDamaged, s.off+int64(n), s.end)
		}
		return fmt.Errorf("sorting: temporary file: %w", err)
	}
	if len(buf) < blockHeader {
		return fmt.Errorf("%w: at byte %d", ErrDamaged, s.off)
	}
	length := int64(binary.LittleEndian.Uint32(buf))
	if length == 0 || length > int64(len(buf)-blockHeader) {
		return fmt.Errorf("%w: a block's length at byte %d", ErrDamaged, s.off)
	}
	payload := buf[blockHeader : blockHeader+length]
	if crc32.Checksum(payload, castagnoli()) != binary.LittleEndian.Uint32(buf[4:]) {
		return fmt.Errorf("%w: checksum of the block at byte %d", ErrDamaged, s.off)
	}
	s.rest = payload
	s.off += blockHeader + length
	return nil
}

// sources are a heap, the least record on top.
type sources []*source

func (h sources) Len() int           { return len(h) }
func (h sources) Less(i, j int) bool { return bytes.Compare(h[i].rec, h[j].rec) < 0 }
func (h sources) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is part of heap.Interface; no source is ever added to a heap.
func (h *sources) Push(x any) { *h = append(*h, x.(*source)) }

// Pop removes the last one, which heap.Pop has swapped there.
func (h *sources) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}
