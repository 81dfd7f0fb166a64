package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/tradefront/tradefront/internal/files"
)

// Pages reads the pages of a database and its WAL. Rows that SQLite cannot reach, since an inner page
// of a tree or the header is damaged, are in pages that are whole. Pages that SQLite freed are left
// out as long as the list of them can be read.
type Pages struct {
	// Unread is how many pages the disk did not give, and Lost, once Leaves has returned, how many others the database had and the files have
	// not: cut off, overwritten by zeros or by what is no page. A database whose header does not say how long it was has lost one at least.
	Unread, Lost int64

	main, log *os.File         // either is nil if it is not there
	size      int              // of a page
	count     int64            // pages of main
	newest    map[uint32]int64 // where in the WAL the newest committed version of a page is
	behind    []Frame          // frames of the WAL that SQLite does not read, behind a break
	free      map[uint32]bool
}

// Open opens the database at path and its WAL, path-wal. Either may be missing. A WAL that the disk
// does not give is ErrUnread.
func Open(path string) (*Pages, error) {
	log, err := ReadWAL(path + "-wal")
	if err != nil {
		return nil, err
	}
	p := &Pages{size: log.pageSize, newest: make(map[uint32]int64), behind: log.Behind, free: make(map[uint32]bool)}
	for _, f := range log.Frames {
		p.newest[f.page] = f.offset
	}
	if p.main, err = openIfThere(path); err == nil {
		p.log, err = openIfThere(path + "-wal")
	}
	if err == nil && p.main != nil {
		var info fs.FileInfo
		if info, err = p.main.Stat(); err == nil {
			p.count = info.Size() / int64(p.size)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlitefile: %w", err), p.Close())
	}
	p.readFree()
	return p, nil
}

func openIfThere(path string) (*os.File, error) {
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// Close closes the files, which were only read.
func (p *Pages) Close() error {
	var errs []error
	for _, f := range []*os.File{p.main, p.log} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// Versions is how many versions of pages there may be, at most.
func (p *Pages) Versions() int64 { return p.count + int64(len(p.newest)) }

// page is the newest committed state of a page; nil if it is nowhere to be had.
func (p *Pages) page(number uint32) []byte {
	if at, ok := p.newest[number]; ok {
		return p.readAt(p.log, at)
	}
	if number == 0 || int64(number) > p.count {
		return nil
	}
	return p.readAt(p.main, int64(number-1)*int64(p.size))
}

func (p *Pages) readAt(f *os.File, at int64) []byte {
	page := make([]byte, p.size)
	ok, err := readFull(f, page, at)
	if err != nil {
		p.Unread++
	}
	if !ok || err != nil {
		return nil
	}
	return page
}

// readFree follows the list of free pages: trunks, each with the number of the next, a count
// and the numbers of its leaves. It is used as far as it is well-formed.
func (p *Pages) readFree() {
	head := p.page(1)
	if len(head) < 100 || string(head[:16]) != "SQLite format 3\x00" {
		return
	}
	for trunk := binary.BigEndian.Uint32(head[32:]); trunk != 0 && !p.free[trunk]; {
		page := p.page(trunk)
		if page == nil {
			return
		}
		leaves := binary.BigEndian.Uint32(page[4:])
		if int64(leaves) > int64(p.size/4-2) {
			return
		}
		p.free[trunk] = true
		for i := range leaves {
			p.free[binary.BigEndian.Uint32(page[8+4*i:])] = true
		}
		trunk = binary.BigEndian.Uint32(page)
	}
}

// Leaves calls f for each page that looks like a leaf of a table: in the order of their
// numbers, then those that only a part of the WAL behind a break has.
func (p *Pages) Leaves(f func(page []byte) error) error {
	last := p.count
	for number := range p.newest {
		last = max(last, int64(number))
	}
	had := p.had()
	if p.Lost = max(0, had-last); had == 0 {
		p.Lost, had = 1, last
	}
	for number := int64(2); number <= last; number++ { // 1 holds the schema
		if p.free[uint32(number)] { // SQLite counts pages in 32 bits
			continue
		}
		unread := p.Unread
		page := p.page(uint32(number))
		if number <= had && unread == p.Unread && number != lockPage/int64(p.size)+1 && !isPage(page) {
			p.Lost++
		}
		if err := eachLeaf(page, f); err != nil {
			return err
		}
	}
	for _, frame := range p.behind {
		if err := eachLeaf(p.readAt(p.log, frame.offset), f); err != nil {
			return err
		}
	}
	return nil
}

// lockPage is where in the file the page is that SQLite locks and never writes to.
const lockPage = 1 << 30

// had is how many pages the database had, as its header says; 0 if it does not. The rest of the header need not be sound.
func (p *Pages) had() int64 {
	head := p.page(1)
	if len(head) < 100 {
		return 0
	}
	return int64(binary.BigEndian.Uint32(head[28:]))
}

// isPage reports whether it may be a page in use: of a tree, or one that begins with the number of a next page, as those of long rows do.
func isPage(page []byte) bool {
	if len(page) == 0 {
		return false
	}
	switch page[0] {
	case 0:
		return slices.ContainsFunc(page, func(b byte) bool { return b != 0 })
	case leafOfTable, 0x0a, 0x05, 0x02:
		return true
	}
	return false
}

const leafOfTable = 0x0d

func eachLeaf(page []byte, f func([]byte) error) error {
	if len(page) == 0 || page[0] != leafOfTable {
		return nil
	}
	return f(page)
}
