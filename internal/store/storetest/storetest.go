// Package storetest is the conformance suite of the record stores: one set of tests that
// holds the local store and PostgreSQL to the same behaviour, so that a reader of a
// Store need not know which one it is.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Run runs the suite; open returns an empty store that is closed by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"every field comes back", everyField},
		{"putting twice is one record", putTwice},
		{"a submission put twice keeps its first content", submittedTwice},
		{"one record twice in a batch is one record", twiceInBatch},
		{"a batch with known and new records", knownAndNew},
		{"an empty batch is no error", emptyBatch},
		{"scan is in RecordID order", scanOrder},
		{"scan stops at the error of its function", scanStops},
		{"scan of a day without records", scanNothing},
		{"days are separate and counted", days},
		{"find", find},
		{"ciphertexts of all lengths and bytes", ciphertexts},
		{"times of any zone are instants", zones},
		{"a cancelled context", cancelled},
		{"concurrent writers", concurrent},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// everyField: what is put is what is read, also at the edges of every field.
func everyField(t *testing.T, s store.Store) {
	odd := Record(Day)
	odd.VendorID, odd.KeyVersion = "厂商ID", "2026年"
	odd.AppID, odd.Account = "厂商_软件_9.9", "Zz0123456789abcdef"
	odd.Flag, odd.UserType = regulation.FlagTerminalData, regulation.UserOperator
	odd.FrontID, odd.SessionID, odd.Provisional = 1<<31-1, -1<<31, true
	odd.LoginTime = time.Date(2026, 1, 5, 23, 59, 59, 0, regulation.Zone)
	relayed, submitted := RelayedRecord(Day), SubmittedRecord(Day)
	relayed.VisitTime = time.Date(2026, 1, 4, 23, 59, 59, 0, regulation.Zone)
	submitted.RelayAppID = "中继_relay_9.9"
	empty := Record(Day)
	empty.VendorID, empty.KeyVersion, empty.AppID, empty.Account = "", "", "", ""
	want := []store.Record{relayed, Record(Day), odd, submitted, empty, Record(Day)}
	put(t, s, want...)
	equal(t, scan(t, s, Day), want)
}

// putTwice: the second Put is no error, makes no second record and changes nothing.
func putTwice(t *testing.T, s store.Store) {
	rec := Record(Day)
	put(t, s, rec)
	again := rec
	again.Account, again.FrontID = "other", 99
	put(t, s, again)
	equal(t, scan(t, s, Day), []store.Record{rec})
}

// submittedTwice: an operator relay that submits again over another connection, at this front or at another, has other
// items 6 to 9. The record keeps the first ones, and the second Put is no error.
func submittedTwice(t *testing.T, s store.Store) {
	rec, beside := SubmittedRecord(Day), RelayedRecord(Day)
	put(t, s, rec, beside)
	again := SubmittedAgain(rec, 9)
	put(t, s, again)
	put(t, s, Record(Day+1), again, beside)
	equal(t, scan(t, s, Day), []store.Record{rec, beside})
	if got, err := s.Find(t.Context(), rec.ID); err != nil || !SameRecord(got, rec) {
		t.Errorf("found %+v, %v; want %+v", got, err, rec)
	}
}

func twiceInBatch(t *testing.T, s store.Store) {
	rec := Record(Day)
	put(t, s, rec, rec)
	equal(t, scan(t, s, Day), []store.Record{rec})
}

func knownAndNew(t *testing.T, s store.Store) {
	recs := Records(Day, 5)
	put(t, s, recs[1], recs[3])
	put(t, s, recs...)
	equal(t, scan(t, s, Day), recs)
}

func emptyBatch(t *testing.T, s store.Store) {
	put(t, s)
	if got := dayCounts(t, s); len(got) != 0 {
		t.Errorf("an empty batch left %v", got)
	}
}

func scanOrder(t *testing.T, s store.Store) {
	recs := Records(Day, 100)
	// Random identifiers too, whose first bytes run over the whole range.
	for i := range 50 {
		recs[i].ID = uuid.New()
	}
	put(t, s, recs...)
	var got []uuid.UUID
	each(t, s, Day, func(r *store.Record) { got = append(got, r.ID) })
	if len(got) != len(recs) {
		t.Fatalf("%d records, want %d", len(got), len(recs))
	}
	if !slices.IsSortedFunc(got, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		t.Error("not in the order of the RecordID's bytes")
	}
}

func scanStops(t *testing.T, s store.Store) {
	put(t, s, Records(Day, 2000)...)
	stop, calls := errors.New("stop"), 0
	err := s.Scan(t.Context(), Day, func(*store.Record) error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		t.Errorf("Scan returned %v after %d calls, want the function's own error after 3", err, calls)
	}
	for _, last := range []int{1, 2000} {
		cancelledAt(t, last, func(ctx context.Context, f func(*store.Record) error) error { return s.Scan(ctx, Day, f) })
	}
	if got := len(scan(t, s, Day)); got != 2000 {
		t.Errorf("after a scan that was stopped, another sees %d records of 2000", got)
	}
}

func scanNothing(t *testing.T, s store.Store) {
	put(t, s, Record(Day))
	if got := scan(t, s, Day+1); len(got) != 0 {
		t.Errorf("a day without records has %d", len(got))
	}
}

func days(t *testing.T, s store.Store) {
	if got := dayCounts(t, s); len(got) != 0 {
		t.Errorf("an empty store has days %v", got)
	}
	first, last := calendar.TradingDay(20251231), calendar.TradingDay(20260228)
	recs := slices.Concat(Records(last, 3), Records(first, 1), Records(Day, 2))
	put(t, s, recs...)
	want := []store.DayCount{{Day: first, Records: 1}, {Day: Day, Records: 2}, {Day: last, Records: 3}}
	if diff := cmp.Diff(want, dayCounts(t, s)); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	equal(t, scan(t, s, last), recs[:3])
	equal(t, scan(t, s, first), recs[3:4])
}

func find(t *testing.T, s store.Store) {
	if _, err := s.Find(t.Context(), uuid.New()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("in an empty store: %v, want ErrNotFound", err)
	}
	a, b := Record(Day), Record(Day+1)
	put(t, s, a, b)
	for _, want := range []store.Record{a, b} {
		got, err := s.Find(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, []store.Record{got}, []store.Record{want})
	}
	if _, err := s.Find(t.Context(), uuid.New()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown RecordID: %v, want ErrNotFound", err)
	}
}

func ciphertexts(t *testing.T, s store.Store) {
	absent, empty, one, all, long := Record(Day), Record(Day), Record(Day), Record(Day), Record(Day)
	absent.Terminal, empty.Terminal, one.Terminal = nil, []byte{}, []byte{0}
	all.Terminal = make([]byte, 256)
	for i := range all.Terminal {
		all.Terminal[i] = byte(i)
	}
	long.Terminal = bytes.Repeat([]byte{0, 0xff, '\'', '\\', '@'}, 800) // what the wire lets in at most
	recs := []store.Record{absent, empty, one, all, long}
	put(t, s, recs...)
	equal(t, scan(t, s, Day), recs)
}

func zones(t *testing.T, s store.Store) {
	rec := Record(Day)
	want := rec.LoginTime
	rec.LoginTime = want.In(time.FixedZone("elsewhere", -5*60*60))
	put(t, s, rec)
	got := scan(t, s, Day)[0].LoginTime
	if !got.Equal(want) || got.Format(regulation.TimeLayout) != want.Format(regulation.TimeLayout) {
		t.Errorf("login time %v, want %v, printed in UTC+8", got, want)
	}
}

func cancelled(t *testing.T, s store.Store) {
	put(t, s, Record(Day))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, Records(Day, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want the context's error", err)
	}
	if err := s.Scan(ctx, Day, func(*store.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Scan: %v, want the context's error", err)
	}
	if _, err := s.Find(ctx, uuid.New()); !errors.Is(err, context.Canceled) {
		t.Errorf("Find: %v, want the context's error", err)
	}
	if _, err := s.Days(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Days: %v, want the context's error", err)
	}
	if got := len(scan(t, s, Day)); got != 1 {
		t.Errorf("%d records after a cancelled Put, want 1", got)
	}
}

// concurrent: writers on several days, with records that two of them write at once.
func concurrent(t *testing.T, s store.Store) {
	const writers, batches = 8, 5
	common := Records(Day, 20)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range batches {
				batch := append(Records(Day+calendar.TradingDay(w%3), 10), common...)
				if err := s.Put(t.Context(), batch); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	var total int64
	for _, d := range dayCounts(t, s) {
		total += d.Records
	}
	if want := int64(writers*batches*10 + len(common)); total != want {
		t.Errorf("%d records, want %d", total, want)
	}
}
