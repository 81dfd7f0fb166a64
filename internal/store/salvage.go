package store

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Salvaged is a row of table record or quarantine that was read from damaged files.
type Salvaged struct {
	Seq     int64
	Record  Record
	Refused string // why it was in quarantine; "" if it was not
	Checked bool   // it has a checksum, which matches; rows of older binaries have none
}

// Salvage is what reading damaged files came to.
type Salvage struct {
	Rows      int64 `json:"rows"`      // read, of either table
	Unchecked int64 `json:"unchecked"` // of these, those that have no checksum
	Altered   int64 `json:"altered"`   // look like a row, but are not what was written
	// BrokenCells are rows of any table, perhaps of a record, that cannot be read at all.
	BrokenCells int64 `json:"broken_cells"`
	FailedPages int64 `json:"failed_pages"` // that the disk did not give
	// Missing are the seqs between rows that no row was found for: at most so many are lost in
	// between. A commit that failed leaves such gaps too.
	Missing int64 `json:"missing"`
	// FirstSeq and LastSeq bound what was found.
	FirstSeq int64 `json:"first_seq"`
	LastSeq  int64 `json:"last_seq"`
}

// Loss reports whether something is known to be lost, or may be.
func (s *Salvage) Loss() bool {
	return s.Missing > 0 || s.Altered > 0 || s.BrokenCells > 0 || s.FailedPages > 0
}

// ReadAside calls f for each record that can still be read from the store set aside at path,
// in no order; one may come twice. It never gives an altered one: a row must be well-formed to the byte,
// and match its checksum if it has one. Nothing is changed.
//
// It reads every page that could hold rows, whatever the state of the trees: header, schema and
// inner pages may be gone.
func ReadAside(path string, f func(*Salvaged) error) (s Salvage, err error) {
	pages, err := openPages(path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, pages.close()) }()
	var seqs runs
	err = pages.leaves(func(page []byte) error {
		broken, err := pages.cells(page, func(c cell) error {
			row, kind := salvaged(c)
			switch kind {
			case foreignRow:
				return nil
			case alteredRow:
				s.Altered++
				return nil
			}
			s.Rows++
			if !row.Checked {
				s.Unchecked++
			}
			seqs.add(row.Seq)
			return f(&row)
		})
		s.BrokenCells += int64(broken)
		return err
	})
	s.FailedPages = pages.failed
	s.FirstSeq, s.LastSeq, s.Missing = seqs.missing((pages.count + int64(len(pages.newest))) * maxRowsOfPage)
	return s, err
}

type rowKind int

const (
	foreignRow rowKind = iota // of another table
	alteredRow
	goodRow
)

// Columns of table record as they lie in the file: seq is the rowid, and NULL here. Rows are
// as long as the schema was when they were written; quarantine has its error after the
// thirteen columns of the first schema.
const (
	baseColumns = 14
	refusedAt   = 14
)

// salvaged makes a Salvaged of a row, if it is one.
func salvaged(c cell) (Salvaged, rowKind) {
	s := Salvaged{Seq: c.rowid}
	columns := c.columns
	if len(columns) > refusedAt && columns[refusedAt].kind == isText {
		s.Refused = string(columns[refusedAt].bytes)
		columns = slices.Delete(slices.Clone(columns), refusedAt, refusedAt+1)
	}
	if len(columns) < baseColumns || len(columns) > baseColumns+2 || columns[0].kind != isNull ||
		columns[1].kind != isBlob || len(columns[1].bytes) != 16 {
		return s, foreignRow
	}
	if !fill(&s.Record, columns) {
		return s, alteredRow
	}
	if len(columns) == baseColumns+2 && columns[baseColumns+1].kind != isNull {
		if columns[baseColumns+1].whole != int64(s.Record.Checksum()) {
			return s, alteredRow
		}
		s.Checked = true
	}
	return s, goodRow
}

// columnKinds of a record, from its id on.
var columnKinds = [...]columnKind{
	isBlob, isInteger, isInteger, isText, isText, isBlob, isBlob, isInteger, isText, isText, isInteger, isInteger, isInteger,
}

// fill reads the record; false if it cannot have been written as it is.
func fill(r *Record, columns []column) bool {
	c := columns[1:]
	for i, kind := range columnKinds {
		if c[i].kind != kind || kind == isText && !utf8.Valid(c[i].bytes) {
			return false
		}
	}
	r.ID = uuid.UUID(c[0].bytes)
	r.TradingDay, r.LoginTime = calendar.TradingDay(c[1].whole), instant(c[2].whole) // judged below
	r.VendorID, r.KeyVersion = string(c[3].bytes), string(c[4].bytes)
	r.Terminal, r.Supplement = c[5].bytes, c[6].bytes
	r.AppID, r.Account = regulation.AppID(c[8].bytes), regulation.Account(c[9].bytes)
	r.FrontID, r.SessionID = int32(c[11].whole), int32(c[12].whole) // judged below
	if len(columns) > baseColumns {
		provisional := columns[baseColumns]
		if provisional.kind != isInteger || provisional.whole>>1 != 0 {
			return false
		}
		r.Provisional = provisional.whole == 1
	}
	flag, user := c[7].whole, c[10].whole
	if flag < 0 || flag > 9 || user < 0 || user > 9 {
		return false
	}
	r.Flag, r.UserType = regulation.AbnormalFlag('0'+flag), regulation.UserType('0'+user) // one digit
	return r.ID.Version() == 7 && r.ID.Variant() == uuid.RFC4122 && r.Flag.Valid() && r.UserType.Valid() &&
		c[1].whole >= 20000101 && c[1].whole <= 29991231 && fits32(c[11].whole) && fits32(c[12].whole)
}

func fits32(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// runs are ranges of seqs: a page adds one or two.
type runs [][2]int64

func (r *runs) add(seq int64) {
	if n := len(*r); n > 0 && (*r)[n-1][1]+1 == seq {
		(*r)[n-1][1] = seq
		return
	}
	*r = append(*r, [2]int64{seq, seq})
}

// maxRowsOfPage is more than a page holds: a row without ciphertexts has 80 bytes.
const maxRowsOfPage = 50

// missing counts the seqs between the first and the last that are in no range. A gap of more
// than most, which the files had no room for, is a seq that was altered.
func (r runs) missing(most int64) (first, last, missing int64) {
	if len(r) == 0 {
		return 0, 0, 0
	}
	slices.SortFunc(r, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	first, last = r[0][0], r[0][1]
	for _, run := range r[1:] {
		if gap := run[0] - last - 1; gap > 0 && gap <= most {
			missing += gap
		}
		last = max(last, run[1])
	}
	return first, last, missing
}
