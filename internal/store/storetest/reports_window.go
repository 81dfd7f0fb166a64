package storetest

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// windowed is what settlement asks about days that changed in the calendar; both stores have it.
type windowed interface {
	OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (int64, error)
	InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (int64, error)
}

// windows: records whose login time lies in the window of a day, and that are on a later one. A submission's RecordID
// begins with the time of its SubmitID, which may lie a day before its login time and some minutes behind it.
func windows(t *testing.T, s ReportStore) {
	end := Record(Day).LoginTime.Add(6 * time.Hour)
	start := end.Add(-24 * time.Hour)
	made := func(rec store.Record, day calendar.TradingDay, login, id time.Time) store.Record {
		rec.TradingDay, rec.LoginTime = day, login
		var millis [8]byte
		binary.BigEndian.PutUint64(millis[:], uint64(id.UnixMilli())<<16)
		copy(rec.ID[:6], millis[:])
		return rec
	}
	put(t, s,
		made(Record(Day), Day, start, start),
		made(Record(Day), Day, end, end), // outside
		made(Record(Day), Day+1, end.Add(-time.Second), end.Add(-time.Second)),
		made(SubmittedRecord(Day), Day+1, start, start.Add(-store.MaxSubmitIDAge)),
		made(SubmittedRecord(Day), Day+1, end.Add(-time.Second), end.Add(store.MaxSubmitIDAhead)),
		made(SubmittedRecord(Day), Day+1, end, end.Add(-time.Hour)), // of the day where it is
	)
	w, ok := s.(windowed)
	if !ok {
		t.Fatalf("%T cannot be asked about windows", s)
	}
	outside, err := w.OutsideWindow(t.Context(), Day, start, end)
	must(t, err)
	later, err := w.InWindow(t.Context(), Day+1, Day+9, start, end)
	must(t, err)
	if outside != 1 || later != 3 {
		t.Errorf("%d outside and %d on later days, want 1 and 3", outside, later)
	}
}
