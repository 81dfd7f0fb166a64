package storetest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

func put(t *testing.T, s store.Store, recs ...store.Record) {
	t.Helper()
	if err := s.Put(t.Context(), recs); err != nil {
		t.Fatal("Put: ", err)
	}
}

func dayCounts(t *testing.T, s store.Store) []store.DayCount {
	t.Helper()
	days, err := s.Days(t.Context())
	if err != nil {
		t.Fatal("Days: ", err)
	}
	return days
}

func each(t *testing.T, s store.Store, day calendar.TradingDay, f func(*store.Record)) {
	t.Helper()
	if err := s.Scan(t.Context(), day, func(r *store.Record) error { f(r); return nil }); err != nil {
		t.Fatal("Scan: ", err)
	}
}

// scan copies all records of a day.
func scan(t *testing.T, s store.Store, day calendar.TradingDay) []store.Record {
	t.Helper()
	var recs []store.Record
	each(t, s, day, func(r *store.Record) {
		c := *r
		c.Terminal, c.Supplement = bytes.Clone(r.Terminal), bytes.Clone(r.Supplement)
		recs = append(recs, c)
	})
	return recs
}

// equal compares records in any order; an absent ciphertext is an empty one.
func equal(t *testing.T, got, want []store.Record) {
	t.Helper()
	byID := cmpopts.SortSlices(func(a, b store.Record) bool { return strings.Compare(a.ID.String(), b.ID.String()) < 0 })
	if diff := cmp.Diff(want, got, byID, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
