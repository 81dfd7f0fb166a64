package extsort

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	// MinMemory is the least memory in bytes that New takes; it is given that if asked
	// for less.
	MinMemory = 64 << 10
	// maxBlock is the size in bytes of a block of the temporary file, and of a read.
	maxBlock = 32 << 10
	// minFanIn is how many runs can be merged at once with the least memory.
	minFanIn = 16
	// refBytes is the size of a ref.
	refBytes = 16
)

// ErrTooLong is what Add returns for a record of more than MaxRecord bytes.
var ErrTooLong = errors.New("extsort: record too long")

// errState is returned for calls after Sort or Close that make no sense then.
var errState = errors.New("extsort: used after Sort or Close")

// Sorter takes records and gives them back in order. Make it with New, end it with Close.
type Sorter struct {
	block int // size of a block in bytes

	arena   []byte // the records that are in memory, one behind the other
	refs    []ref  // where they are
	memory  int    // of both, once they are full size
	records int64  // added in all

	spill  *spill // nil as long as everything is in memory
	dir    string
	create func(dir string) (file, error) // createTemp; tests have full disks

	sorted bool
	err    error // sticky
}

// ref is a record in the arena. Its first bytes are kept with it, since most comparisons
// are decided by them.
type ref struct {
	prefix   uint64
	off, len uint32
}

// New makes a Sorter that uses memory bytes and, if the records need more, a temporary file
// in dir; "" is the system's folder for such files. It cannot fail: the folder is first used
// when memory is full.
func New(dir string, memory int) *Sorter {
	memory = min(max(memory, MinMemory), 1<<30)
	s := &Sorter{memory: memory, dir: dir, create: createTemp}
	s.block = min(s.arenaSize()/minFanIn, maxBlock)
	return s
}

func (s *Sorter) arenaSize() int { return s.memory / 4 * 3 }

// grow makes room for more records in memory: at first for a few, which need no more than a block, then for all that there may be.
// In between would be two copies of more. Most Sorters of a small day get few records or none, and what is allocated has to be
// cleared. It reports whether there is more room.
func (s *Sorter) grow() bool {
	arena, refs := s.block/4*3, s.block/4/refBytes
	switch {
	case cap(s.arena) > arena:
		return false
	case cap(s.arena) > 0:
		arena = s.arenaSize()
		refs = (s.memory - arena) / refBytes
	}
	s.arena = append(make([]byte, 0, arena), s.arena...)
	s.refs = append(make([]ref, 0, refs), s.refs...)
	return true
}

// full reports whether there is no room for a record of n bytes.
func (s *Sorter) full(n int) bool { return len(s.arena)+n > cap(s.arena) || len(s.refs) == cap(s.refs) }

// MaxRecord is the length in bytes of the longest record that Add takes.
func (s *Sorter) MaxRecord() int { return s.block - blockHeader - binary.MaxVarintLen32 }

// Add takes a copy of rec.
func (s *Sorter) Add(rec []byte) error {
	switch {
	case s.err != nil:
		return s.err
	case s.sorted:
		return s.fail(errState)
	case len(rec) > s.MaxRecord():
		return s.fail(fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(rec), s.MaxRecord()))
	}
	for s.full(len(rec)) {
		if s.grow() {
			continue
		}
		if err := s.spillRun(); err != nil {
			return s.fail(err)
		}
	}
	s.refs = append(s.refs, ref{prefix(rec), uint32(len(s.arena)), uint32(len(rec))})
	s.arena = append(s.arena, rec...)
	s.records++
	return nil
}

// Sort ends adding. The Reader is valid until Close.
func (s *Sorter) Sort() (*Reader, error) { return s.SortContext(context.Background()) }

// SortContext is Sort that gives up when ctx ends: merging beforehand may take minutes.
func (s *Sorter) SortContext(ctx context.Context) (*Reader, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.sorted {
		return nil, s.fail(errState)
	}
	s.sorted = true
	if s.spill == nil {
		s.sortRefs()
		return &Reader{s: s, left: s.records}, nil
	}
	// The rest goes to disk too: its memory is what merging reads into.
	if err := s.spillRun(); err != nil {
		return nil, s.fail(err)
	}
	s.refs = nil
	m, err := s.spill.mergeAll(ctx, s.arena[:cap(s.arena)])
	if err != nil {
		return nil, s.fail(err)
	}
	return &Reader{s: s, left: s.records, merged: m}, nil
}

// Close frees memory and disk. A second call does nothing.
func (s *Sorter) Close() error {
	s.arena, s.refs = nil, nil
	if s.err == nil {
		s.err = errState
	}
	spill := s.spill
	s.spill = nil
	if spill == nil {
		return nil
	}
	return spill.file.Close()
}

// spillRun writes what is in memory as one run.
func (s *Sorter) spillRun() error {
	if s.spill == nil {
		f, err := s.create(s.dir)
		if err != nil {
			return err
		}
		s.spill = newSpill(f, s.block)
	}
	s.sortRefs()
	for _, r := range s.refs {
		if err := s.spill.write(s.record(r)); err != nil {
			return err
		}
	}
	s.arena, s.refs = s.arena[:0], s.refs[:0]
	return s.spill.endRun()
}

func (s *Sorter) sortRefs() {
	slices.SortFunc(s.refs, func(a, b ref) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return bytes.Compare(s.record(a), s.record(b))
	})
}

func (s *Sorter) record(r ref) []byte { return s.arena[r.off : r.off+r.len : r.off+r.len] }

func (s *Sorter) fail(err error) error {
	s.err = err
	return err
}

// prefix is the first 8 bytes of rec as a number of the same order, padded with zeros.
// Equal prefixes decide nothing.
func prefix(rec []byte) uint64 {
	if len(rec) >= 8 {
		return binary.BigEndian.Uint64(rec)
	}
	var b [8]byte
	copy(b[:], rec)
	return binary.BigEndian.Uint64(b[:])
}
