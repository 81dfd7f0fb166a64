package extsort

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"syscall"
)

// file is what a spill needs of the temporary file; tests have one with a full disk.
type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// blockHeader is the size in bytes of what precedes a block's payload.
const blockHeader = 8

// castagnoli is the table of CRC-32C, which the first call makes: a start does without.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// spill is the temporary file with its runs.
type spill struct {
	file  file
	size  int64  // bytes written
	block []byte // being filled; its capacity is a block's size
	runs  []run
	begin int64 // of the run that is being written
}

// run is where in the file a sorted sequence of records is.
type run struct{ off, end int64 }

func newSpill(f file, block int) *spill {
	return &spill{file: f, block: make([]byte, blockHeader, block)}
}

// write appends a record to the run that is being written.
func (s *spill) write(rec []byte) error {
	if len(s.block)+binary.MaxVarintLen32+len(rec) > cap(s.block) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.block = binary.AppendUvarint(s.block, uint64(len(rec)))
	s.block = append(s.block, rec...)
	return nil
}

// endRun makes what was written since the last call a run.
func (s *spill) endRun() error {
	if err := s.flush(); err != nil {
		return err
	}
	if s.size > s.begin {
		s.runs = append(s.runs, run{s.begin, s.size})
	}
	s.begin = s.size
	return nil
}

// flush writes the block that is being filled.
func (s *spill) flush() error {
	payload := s.block[blockHeader:]
	if len(payload) == 0 {
		return nil
	}
	binary.LittleEndian.PutUint32(s.block, uint32(len(payload)))
	binary.LittleEndian.PutUint32(s.block[4:], crc32.Checksum(payload, castagnoli()))
	n, err := s.file.Write(s.block)
	s.size += int64(n)
	if err == nil && n < len(s.block) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return s.writeError(err)
	}
	s.block = s.block[:blockHeader]
	return nil
}

func (s *spill) writeError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("sorting: no room for the temporary file after %d MiB; free some, or name another folder: %w", s.size>>20, err)
	}
	return fmt.Errorf("sorting: temporary file: %w", err)
}

// createTemp makes a file of which nothing is left when the process ends.
func createTemp(dir string) (file, error) {
	f, err := os.CreateTemp(dir, "tradefront-sort-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("sorting: temporary file: %w", err)
	}
	if os.Remove(f.Name()) == nil {
		return f, nil
	}
	return namedTemp{f}, nil
}

// namedTemp is a temporary file on a system that does not let an open file be removed.
type namedTemp struct{ *os.File }

// Close removes the file too.
func (f namedTemp) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }
