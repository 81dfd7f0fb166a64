package reconcile_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/testmain"
)

// endless is a store with so many records, made as they are scanned.
type endless struct {
	reconcile.Records
	n    int
	look func()
}

func (e endless) Scan(_ context.Context, _ calendar.TradingDay, f func(*store.Record) error) error {
	r := storetest.Record(day)
	for i := range e.n {
		number(&r, i)
		if i%(e.n/8) == 0 {
			e.look()
		}
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}

func number(r *store.Record, i int) {
	r.ID = uuid.UUID{1}
	binary.BigEndian.PutUint64(r.ID[8:], uint64(i))
	binary.BigEndian.PutUint64(r.Supplement, uint64(i))
}

// manyEntries are the entries of as many logins.
func manyEntries(n int) (lines []byte) {
	r := storetest.Record(day)
	for i := range n {
		number(&r, i)
		lines = fmt.Appendf(lines, `{"event":"login","reason":"ok","record_id":"%s","trading_day":"20260105"}`+"\n", r.ID)
	}
	return lines
}

// Memory does not follow the number of logins.
func TestMemoryIsConstant(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	peak := func(n int) (p uint64) {
		var stats runtime.MemStats
		f := newFirm(t, embedded, 0)
		f.write(f.audit, manyEntries(n))
		o := f.options()
		o.Reports = nil
		o.Records = endless{f.store, n, func() {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			p = max(p, stats.HeapAlloc)
		}}
		if got := f.run(o); got.Stored != int64(n) || got.Answered != int64(n) || len(got.Differences()) != 0 {
			t.Fatalf("%+v", got)
		}
		return p
	}
	small, large := peak(8000), peak(160_000) // in memory, and in three runs
	if large > small+1<<20 {
		t.Errorf("heap of %d bytes with 160,000 logins, %d with 8,000", large, small)
	}
}
