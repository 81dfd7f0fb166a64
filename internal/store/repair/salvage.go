package repair

import (
	"cmp"
	"database/sql"
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/sqlitefile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Salvaged is a row of table record or quarantine that was read from damaged files.
type Salvaged struct {
	Seq     int64
	Record  store.Record
	Refused string // why it was in quarantine; "" if it was not
	Checked bool   // it has a checksum, which matches; rows of older binaries have none
}

// Salvage counts what was read of damaged files.
type Salvage struct {
	Rows      int64 `json:"rows"`      // read, of either table
	Unchecked int64 `json:"unchecked"` // of these, those that have no checksum
	Altered   int64 `json:"altered"`   // look like a row, but are not what was written
	// BrokenCells are rows of any table, perhaps of a record, that cannot be read at all.
	BrokenCells int64 `json:"broken_cells"`
	// FailedPages could not be read from the disk, or are none any more: cut off, or overwritten.
	FailedPages int64 `json:"failed_pages"`
	// Missing are the seqs between the first and the last row for which no row was found: at most so
	// many are lost there. A failed commit leaves such gaps too.
	Missing int64 `json:"missing"`
	// FirstSeq and LastSeq bound what was found.
	FirstSeq int64 `json:"first_seq"`
	LastSeq  int64 `json:"last_seq"`
}

// Loss reports whether something is known to be lost, or may be.
func (s *Salvage) Loss() bool {
	return s.Missing > 0 || s.Altered > 0 || s.BrokenCells > 0 || s.FailedPages > 0
}

// worst has what either of two reads of the same files did not find.
func (s *Salvage) worst(other *Salvage) {
	s.Altered, s.BrokenCells = max(s.Altered, other.Altered), max(s.BrokenCells, other.BrokenCells)
	s.FailedPages, s.Missing = max(s.FailedPages, other.FailedPages), max(s.Missing, other.Missing)
}

// ReadCorrupt calls f for each record that can still be read from the corrupt store at path,
// in no order; one may come twice. It never gives an altered one: a row must be well-formed to the byte,
// and match its checksum if it has one. Nothing is changed.
//
// It reads every page that could hold rows, at any state of the trees: header, schema and
// inner pages may be gone.
func ReadCorrupt(path string, f func(*Salvaged) error) (s Salvage, err error) {
	pages, err := sqlitefile.Open(path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	var seqs runs
	err = pages.Leaves(func(page []byte) error {
		broken, err := pages.Cells(page, func(c sqlitefile.Cell) error {
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
	s.FailedPages = pages.Unread + pages.Lost
	s.FirstSeq, s.LastSeq, s.Missing = seqs.missing(pages.Versions() * maxRowsOfPage)
	return s, err
}

type rowKind int

const (
	foreignRow rowKind = iota // of another table
	alteredRow
	goodRow
)

// Columns of table record as they are in the file: seq is the rowid, and NULL here. Rows are
// as long as the schema was when they were written; quarantine has its error after the
// thirteen columns of the first schema.
const (
	baseColumns = 14
	refusedAt   = 14
	checksumAt  = 15 // after provisional
	relayAt     = 16 // and three more
	addressAt   = 20 // behind those
)

// knownLength reports whether a row of some schema has so many columns.
func knownLength(n int) bool {
	return n >= baseColumns && n <= checksumAt+1 || n == addressAt || n == addressAt+1
}

// salvaged makes a Salvaged of a row, if it is one.
func salvaged(c sqlitefile.Cell) (Salvaged, rowKind) {
	s := Salvaged{Seq: c.RowID}
	columns := c.Columns
	if len(columns) > refusedAt && columns[refusedAt].Kind == sqlitefile.Text {
		s.Refused = string(columns[refusedAt].Bytes)
		columns = slices.Delete(slices.Clone(columns), refusedAt, refusedAt+1)
	}
	if !knownLength(len(columns)) || columns[0].Kind != sqlitefile.Null || columns[1].Kind != sqlitefile.Blob || len(columns[1].Bytes) != 16 {
		return s, foreignRow
	}
	if !fillRecord(&s.Record, columns) {
		return s, alteredRow
	}
	if len(columns) > checksumAt && columns[checksumAt].Kind != sqlitefile.Null {
		if columns[checksumAt].Whole != int64(s.Record.Checksum()) {
			return s, alteredRow
		}
		s.Checked = true
	}
	return s, goodRow
}

// columnKinds of a record, from its id on.
var columnKinds = [...]sqlitefile.ColumnKind{
	sqlitefile.Blob, sqlitefile.Integer, sqlitefile.Integer, sqlitefile.Text, sqlitefile.Text, sqlitefile.Blob, sqlitefile.Blob,
	sqlitefile.Integer, sqlitefile.Text, sqlitefile.Text, sqlitefile.Integer, sqlitefile.Integer, sqlitefile.Integer,
}

// fillRecord reads the record; false if it cannot have been written as it is.
func fillRecord(r *store.Record, columns []sqlitefile.Column) bool {
	c := columns[1:]
	for i, kind := range columnKinds {
		if c[i].Kind != kind || kind == sqlitefile.Text && !utf8.Valid(c[i].Bytes) {
			return false
		}
	}
	r.ID = uuid.UUID(c[0].Bytes)
	r.TradingDay, r.LoginTime = calendar.TradingDay(c[1].Whole), sqlrows.Instant(c[2].Whole) // judged below
	r.VendorID, r.KeyVersion = string(c[3].Bytes), string(c[4].Bytes)
	r.Terminal, r.Supplement = c[5].Bytes, c[6].Bytes
	r.AppID, r.Account = regulation.AppID(c[8].Bytes), regulation.Account(c[9].Bytes)
	r.FrontID, r.SessionID = int32(c[11].Whole), int32(c[12].Whole) // judged below
	if len(columns) > baseColumns {
		provisional := columns[baseColumns]
		if provisional.Kind != sqlitefile.Integer || provisional.Whole>>1 != 0 {
			return false
		}
		r.Provisional = provisional.Whole == 1
	}
	if len(columns) > addressAt && !fillAddress(r, columns[addressAt]) || len(columns) > relayAt && !fillRelay(r, columns[relayAt:]) {
		return false
	}
	flag, user := c[7].Whole, c[10].Whole
	if flag < 0 || flag > 9 || user < 0 || user > 9 {
		return false
	}
	r.Flag, r.UserType = regulation.AbnormalFlag('0'+flag), regulation.UserType('0'+user) // one digit
	return (r.ID.Version() == 7 || r.ID.Version() == 8) && r.ID.Variant() == uuid.RFC4122 && r.Flag.Valid() && r.UserType.Valid() &&
		c[1].Whole >= 20000101 && c[1].Whole <= 29991231 && fits32(c[11].Whole) && fits32(c[12].Whole)
}

// fillAddress reads the sealed address of a relay, which most records have not.
func fillAddress(r *store.Record, c sqlitefile.Column) bool {
	if c.Kind == sqlitefile.Blob {
		r.RelaySealed = c.Bytes
	}
	return c.Kind == sqlitefile.Blob || c.Kind == sqlitefile.Null
}

// fillRelay reads the columns about the relay: none is NULL, or all are.
func fillRelay(r *store.Record, c []sqlitefile.Column) bool {
	var relay sqlrows.Relay
	if c[0].Kind == sqlitefile.Text && utf8.Valid(c[0].Bytes) {
		relay.AppID = sql.NullString{String: string(c[0].Bytes), Valid: true}
	} else if c[0].Kind != sqlitefile.Null {
		return false
	}
	for i, into := range []*sql.NullInt64{&relay.Mode, &relay.VisitTime, &relay.LoginTime} {
		switch c[i+1].Kind {
		case sqlitefile.Integer:
			*into = sql.NullInt64{Int64: c[i+1].Whole, Valid: true}
		case sqlitefile.Null:
		default:
			return false
		}
	}
	return relay.Into(r) == nil
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
