package sqlitefile

import (
	"encoding/binary"
	"errors"
)

// The rows of a page as SQLite writes them: https://www.sqlite.org/fileformat2.html, 1.5, 1.6
// and 2.1. Every length is held against what there is: the page may hold anything.

// maxRowLen bounds what a row is believed to have: a login's frame is 4 KiB.
const maxRowLen = 1 << 20

var errNoRow = errors.New("sqlitefile: no row")

// Cell is a row: its rowid and its columns.
type Cell struct {
	RowID   int64
	Columns []Column
}

// Column is one value of a row.
type Column struct {
	Kind  ColumnKind
	Whole int64  // of an Integer
	Bytes []byte // of a Blob or a Text, which need not be UTF-8
}

// ColumnKind is the storage class of a value. A row with a float counts as broken: no column of our tables
// is one.
type ColumnKind byte

// The storage classes.
const (
	Null ColumnKind = iota
	Integer
	Blob
	Text
)

// Cells calls f for each row of a leaf; what is no row is passed over and counted.
func (p *Pages) Cells(page []byte, f func(Cell) error) (broken int, err error) {
	count := int(binary.BigEndian.Uint16(page[3:]))
	if 8+2*count > len(page) {
		return 1, nil
	}
	for i := range count {
		at := int(binary.BigEndian.Uint16(page[8+2*i:]))
		c, err := p.cell(page, at)
		if err != nil {
			broken++
			continue
		}
		if err := f(c); err != nil {
			return broken, err
		}
	}
	return broken, nil
}

// cell reads the row at an offset of a leaf, with its overflow pages.
func (p *Pages) cell(page []byte, at int) (c Cell, err error) {
	if at < 8 || at >= len(page) {
		return c, errNoRow
	}
	b := page[at:]
	length, n := varint(b)
	rowid, m := varint(b[n:])
	if n == 0 || m == 0 || length == 0 || length > maxRowLen {
		return c, errNoRow
	}
	c.RowID, b = int64(rowid), b[n+m:] // SQLite's rowids are signed
	payload, err := p.payload(b, int(length))
	if err != nil {
		return c, err
	}
	c.Columns, err = decodeColumns(payload)
	return c, err
}

// payload is the length bytes that begin at b and go on in overflow pages.
func (p *Pages) payload(b []byte, length int) ([]byte, error) {
	local := length
	if most := p.size - 35; length > most {
		least := (p.size-12)*32/255 - 23
		if local = least + (length-least)%(p.size-4); local > most {
			local = least
		}
	}
	if local == length {
		if length > len(b) {
			return nil, errNoRow
		}
		return b[:length], nil
	}
	if local+4 > len(b) {
		return nil, errNoRow
	}
	all, next := append(make([]byte, 0, length), b[:local]...), binary.BigEndian.Uint32(b[local:])
	for len(all) < length {
		page := p.page(next)
		if page == nil {
			return nil, errNoRow
		}
		all = append(all, page[4:min(len(page), 4+length-len(all))]...)
		next = binary.BigEndian.Uint32(page)
	}
	return all, nil
}

// decodeColumns reads a record of SQLite's: a header with the kinds, then the values, which
// must use up all there is.
func decodeColumns(b []byte) (columns []Column, err error) {
	length, n := varint(b)
	if n == 0 || length < uint64(n) || length > uint64(len(b)) {
		return nil, errNoRow
	}
	kinds, rest := b[n:length], b[length:]
	for len(kinds) > 0 {
		kind, n := varint(kinds)
		if n == 0 {
			return nil, errNoRow
		}
		kinds = kinds[n:]
		c, size, ok := columnOf(kind, rest)
		if !ok {
			return nil, errNoRow
		}
		columns, rest = append(columns, c), rest[size:]
	}
	if len(rest) > 0 {
		return nil, errNoRow
	}
	return columns, nil
}

// integerWidths are the bytes of integers by their kind.
var integerWidths = [...]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

func columnOf(kind uint64, b []byte) (c Column, size int, ok bool) {
	switch {
	case kind == 0:
		return Column{}, 0, true
	case kind <= 6:
		size = integerWidths[kind]
		if size > len(b) {
			return c, 0, false
		}
		whole := int64(int8(b[0])) // the sign is in the first byte
		for _, x := range b[1:size] {
			whole = whole<<8 | int64(x)
		}
		return Column{Kind: Integer, Whole: whole}, size, true
	case kind == 8 || kind == 9:
		return Column{Kind: Integer, Whole: int64(kind - 8)}, 0, true
	case kind < 12: // a float, or reserved: none of our columns
		return c, 0, false
	case (kind-12)/2 > uint64(len(b)):
		return c, 0, false
	}
	size = int((kind - 12) / 2) // not above len(b)
	return Column{Kind: Blob + ColumnKind(kind&1), Bytes: b[:size]}, size, true
}

// varint is SQLite's: up to 9 bytes, the highest first, the ninth with all its bits. n is 0
// if there is none.
func varint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 8 {
		v = v<<7 | uint64(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	if n < 8 || n >= len(b) {
		return 0, 0
	}
	return v<<8 | uint64(b[8]), 9
}
