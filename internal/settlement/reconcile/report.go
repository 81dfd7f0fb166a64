package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// half is a record or a line in the sort, fixed width. The two halves of a pair have the
// same ciphertext, and are neighbours in the order, the stored one first:
//
//	SHA-256 of the supplement's ciphertext 32 | 0 stored, 1 reported |
//	RecordID, or the file's place in Options.Reports 8 and the line's number 8,
//	both big-endian | SHA-256 of the whole line, first 16
type half []byte

const (
	halfSide = 32
	halfWho  = 33
	halfLine = 49
	halfLen  = 65
)

func (h half) reported() bool { return h[halfSide] == 1 }
func (h half) id() uuid.UUID  { return uuid.UUID(h[halfWho:halfLine]) }
func (h half) file() int      { return int(binary.BigEndian.Uint64(h[halfWho : halfLine-8])) }
func (h half) number() int64  { return int64(binary.BigEndian.Uint64(h[halfLine-8 : halfLine])) }
func (h half) key() [32]byte  { return [32]byte(h[:halfSide]) }
func (h half) hash() [16]byte { return [16]byte(h[halfLine:halfLen]) }

func makeHalf(side byte, who [16]byte, supplement, line []byte) half {
	key, whole := sha256.Sum256(supplement), sha256.Sum256(line)
	h := make(half, 0, halfLen)
	h = append(append(h, key[:]...), side)
	h = append(h, who[:]...)
	return append(h, whole[:halfLen-halfLine]...)
}

// addRecord hands a record to the join, with the line that it should have.
func (j *storeJoin) addRecord(rec *store.Record) error {
	j.line = reportfile.Line{
		VendorID: rec.VendorID, KeyVersion: rec.KeyVersion, Terminal: rec.Terminal, Supplement: rec.Supplement,
	}.Append(j.line[:0])
	return j.pairs.Add(makeHalf(0, rec.ID, rec.Supplement, j.line))
}

// readReports hands the lines of all reports to the join.
func (r *run) readReports(ctx context.Context) error {
	files, total, err := r.openReports()
	defer func() {
		for _, f := range files {
			_ = f.Close() // was only read
		}
	}()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var before int64
	for i, f := range files {
		if err := r.readReport(ctx, f, i, before, total); err != nil {
			return err
		}
		before += f.Offset()
	}
	return nil
}

// openReports opens all files before one is read. A file that is named twice is a slip of
// the hand, and refused: each of its lines would count as reported twice.
func (r *run) openReports() (files []*reportfile.Reader, total int64, err error) {
	var infos []os.FileInfo
	for i, path := range r.opt.Reports {
		f, err := reportfile.Open(path)
		if err != nil {
			return files, 0, err
		}
		files = append(files, f)
		total += f.Size()
		info := f.Info()
		if at := slices.IndexFunc(infos, func(o os.FileInfo) bool { return os.SameFile(o, info) }); at >= 0 {
			return files, 0, fmt.Errorf("%s and %s are the same file", r.opt.Reports[at], r.opt.Reports[i])
		}
		infos = append(infos, info)
	}
	return files, total, nil
}

// readReport hands the lines of one report to the join; before is what was read of those
// before it.
func (r *run) readReport(ctx context.Context, in *reportfile.Reader, file int, before, total int64) error {
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.addLine(file, line)
		}
		if err == nil && line.Number%step == 0 {
			err = look(ctx, r.opt.ReadingReport, before+in.Offset(), total)
		}
		if err != nil {
			return err
		}
	}
	if err := in.CheckUnchanged(); err != nil {
		return err
	}
	return look(ctx, r.opt.ReadingReport, before+in.Offset(), total)
}

func (r *run) addLine(file int, l reportfile.RawLine) error {
	if l.Err != nil {
		r.result.add(ReportLineBad, Difference{Where: place(r.opt.Reports[file], l.Number), Detail: l.Err.Error()})
		return nil //nolint:nilerr // it is in the result
	}
	r.result.Reported++
	var who [16]byte
	binary.BigEndian.PutUint64(who[:8], uint64(file))
	binary.BigEndian.PutUint64(who[8:], uint64(l.Number))
	return r.pairs.Add(makeHalf(1, who, l.Line.Supplement, l.Raw))
}

// joinReport looks at each ciphertext: who has it?
func (r *run) joinReport(ctx context.Context) error {
	sorted, err := r.pairs.SortContext(ctx)
	if err != nil {
		return err
	}
	var g pair
	for n := 0; ; n++ {
		if n%step == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rec, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && len(rec) != halfLen {
			err = fmt.Errorf("%w: half a pair of %d bytes", extsort.ErrDamaged, len(rec))
		}
		if err != nil {
			return err
		}
		h := half(rec)
		if g.stored+g.reported == 0 || h.key() != g.key {
			r.endPair(&g)
			g = pair{key: h.key()}
		}
		r.meet(&g, h)
	}
	r.endPair(&g)
	return nil
}

// pair is all that was found of one ciphertext: one record and one line, if all is well.
type pair struct {
	key              [32]byte
	stored, reported int64
	id               uuid.UUID // of the first record
	hash             [16]byte  // of the line it should have
	first            string    // place of the first line
}

// meet adds one half to the pair; the stored ones come first.
func (r *run) meet(g *pair, h half) {
	if !h.reported() {
		if g.stored++; g.stored == 1 {
			g.id, g.hash = h.id(), h.hash()
			return
		}
		r.result.add(StoredTwice, Difference{
			RecordID: h.id().String(), Other: g.id.String(), Detail: "both records have the same supplement",
		})
		return
	}
	where := place(r.opt.Reports[h.file()], h.number())
	if g.reported++; g.reported > 1 {
		r.result.add(ReportedTwice, Difference{RecordID: g.recordID(), Where: where, Before: g.first})
		return
	}
	g.first = where
	switch {
	case g.stored == 0:
		r.result.add(ReportedNotStored, Difference{Where: where})
	case h.hash() != g.hash:
		r.result.add(ReportedOtherwise, Difference{RecordID: g.recordID(), Where: where})
	}
}

func (r *run) endPair(g *pair) {
	if len(r.opt.Reports) > 0 && g.stored > 0 && g.reported == 0 {
		r.result.add(StoredNotReported, Difference{RecordID: g.recordID()})
	}
}

func (g *pair) recordID() string {
	if g.stored == 0 {
		return ""
	}
	return g.id.String()
}
