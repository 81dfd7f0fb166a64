package settlement

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// recordAt is a record of a front whose clock said that time.
func recordAt(day calendar.TradingDay, at time.Time) store.Record {
	r := storetest.Record(day)
	r.LoginTime = at
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli())<<16)
	copy(r.ID[:6], ms[:6])
	return r
}

// TestAheadOf: records of a clock that was ahead are counted, however far; those of the current day, and those that are seconds beyond its
// end by another clock, are not.
func TestAheadOf(t *testing.T) {
	at := func(y int, m time.Month, d, h, minute, s int) time.Time {
		return time.Date(y, m, d, h, minute, s, 0, regulation.Zone)
	}
	now := at(2026, 1, 5, 15, 29, 30)
	onBothStores(t, func(t *testing.T, s bothStore) {
		cal := sampleCalendar(t)
		put(t, s, recordAt(20260105, now), recordAt(20260106, at(2026, 1, 5, 15, 30, 1)))
		if day, n, err := AheadOf(t.Context(), s, cal, now); err != nil || n != 0 || day != 20260106 {
			t.Errorf("%d ahead of %s, %v", n, day, err)
		}
		put(t, s, recordAt(20260107, at(2026, 1, 7, 9, 0, 0)), recordAt(20270921, at(2027, 9, 21, 9, 0, 0)))
		if _, n, err := AheadOf(t.Context(), s, cal, now); err != nil || n != 2 {
			t.Errorf("%d ahead, %v", n, err)
		}
		if _, n, err := AheadOf(t.Context(), s, cal, at(2026, 1, 7, 10, 0, 0)); err != nil || n != 1 {
			t.Errorf("%d ahead two days later, %v", n, err)
		}
	})
}
