package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/store"
)

// half is a record or a line in the sort, fixed width. The two halves of a pair have the
// same ciphertext, and stand together, the stored one first:
//
//	SHA-256 of the supplement's ciphertext 32 | 0 stored, 1 reported |
//	RecordID, or the line's number big-endian 16 | SHA-256 of the whole line, first 16
type half []byte

const (
	halfSide = 32
	halfWho  = 33
	halfLine = 49
	halfLen  = 65
)

func (h half) reported() bool { return h[halfSide] == 1 }
func (h half) id() uuid.UUID  { return uuid.UUID(h[halfWho:halfLine]) }
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
	j.line = settlement.Line{
		VendorID: rec.VendorID, KeyVersion: rec.KeyVersion, Terminal: rec.Terminal, Supplement: rec.Supplement,
	}.Append(j.line[:0])
	return j.pairs.Add(makeHalf(0, rec.ID, rec.Supplement, j.line))
}

// readReport hands the lines of the report to the join.
func (r *run) readReport(ctx context.Context) error {
	in, err := settlement.OpenReport(r.opt.Report)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	defer in.Close()
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.addLine(line)
		}
		if err == nil && line.Number%step == 0 {
			err = look(ctx, r.opt.ReadingReport, in.Offset(), in.Size())
		}
		if err != nil {
			return err
		}
	}
	if err := in.CheckUnchanged(); err != nil {
		return err
	}
	return look(ctx, r.opt.ReadingReport, in.Offset(), in.Size())
}

func (r *run) addLine(l settlement.ReportLine) error {
	if l.Err != nil {
		r.result.add(ReportLineBad, Difference{Where: place(r.opt.Report, l.Number), Detail: l.Err.Error()})
		return nil //nolint:nilerr // it is in the result
	}
	r.result.Reported++
	var who [16]byte
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

// pair is what has come of one ciphertext: honestly one record and one line.
type pair struct {
	key              [32]byte
	stored, reported int64
	id               uuid.UUID // of the first record
	hash             [16]byte  // of the line it should have
	number           int64     // of the first line
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
	where := place(r.opt.Report, h.number())
	if g.reported++; g.reported > 1 {
		r.result.add(ReportedTwice, Difference{RecordID: g.recordID(), Where: where, Before: place(r.opt.Report, g.number)})
		return
	}
	g.number = h.number()
	switch {
	case g.stored == 0:
		r.result.add(ReportedNotStored, Difference{Where: where})
	case h.hash() != g.hash:
		r.result.add(ReportedOtherwise, Difference{RecordID: g.recordID(), Where: where})
	}
}

func (r *run) endPair(g *pair) {
	if r.opt.Report != "" && g.stored > 0 && g.reported == 0 {
		r.result.add(StoredNotReported, Difference{RecordID: g.recordID()})
	}
}

func (g *pair) recordID() string {
	if g.stored == 0 {
		return ""
	}
	return g.id.String()
}
