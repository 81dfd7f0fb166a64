package forward_test

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// A submission has one RecordID wherever and whenever it comes. These tests send it again at each place where its first
// record may be, and want one row with the first content, and counts that keep no report back.

const next = storetest.Day + 1

// house is some fronts and their PostgreSQL.
type house struct {
	*testing.T
	p      *postgres.Store
	stores map[int32]uuid.UUID
	fronts map[int32]*journal.Journal
}

func newHouse(t *testing.T, fronts ...int32) *house {
	t.Helper()
	h := &house{T: t, p: storetest.OpenPostgres(t), stores: map[int32]uuid.UUID{}, fronts: map[int32]*journal.Journal{}}
	for _, id := range fronts {
		h.fronts[id], h.stores[id] = storetest.OpenJournal(t), uuid.New()
	}
	return h
}

// forward forwards all that the front holds, and stops.
func (h *house) forward(front int32, dest forward.Destination) {
	h.Helper()
	f := storetest.Forward(h, h.fronts[front], dest, forward.Options{BatchDelay: time.Millisecond})
	storetest.Drain(h.T, f)
	f.Close()
	storetest.WantEmpty(h, h.fronts[front])
}

// wantForwarded compares what a front counts.
func (h *house) wantForwarded(front int32, want map[calendar.TradingDay]int64) {
	h.Helper()
	if got, err := h.fronts[front].ForwardedOf(h.Context()); err != nil || !maps.Equal(got, want) {
		h.Errorf("front %d forwarded %v, %v; want %v", front, got, err, want)
	}
}

// wantNoneMissing has each front report, and compares the sum with the rows as `report status` does.
func (h *house) wantNoneMissing(days ...calendar.TradingDay) {
	h.Helper()
	var fronts []store.Front
	for id, l := range h.fronts {
		forwarded, err := l.ForwardedOf(h.Context())
		if err != nil {
			h.Fatal(err)
		}
		fronts = append(fronts, store.Front{FrontReport: store.FrontReport{FrontID: id, StoreID: h.stores[id], ForwardedOf: forwarded}})
	}
	for _, day := range days {
		state, err := h.p.State(h.Context(), day, "")
		if err != nil {
			h.Fatal(err)
		}
		if n := store.ForwardedAtLeast(fronts, day); n != state.Records {
			h.Errorf("%v: fronts count %d, PostgreSQL has %d", day, n, state.Records)
		}
	}
}

func of(front int32, rec store.Record) store.Record {
	rec.FrontID = front
	return rec
}

func TestSubmittedAgainBeforeForwarding(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	l, rec, beside := h.fronts[1], storetest.SubmittedRecord(storetest.Day), storetest.Record(storetest.Day)
	first := storetest.AppendAll(t, l, []store.Record{rec})
	storetest.AppendAll(t, l, []store.Record{beside})
	if again := storetest.AppendAll(t, l, []store.Record{storetest.SubmittedAgain(rec, 1)}); again != first {
		t.Errorf("the second waits for seq %d, the row is %d", again, first)
	}
	storetest.WantExactly(t, l, storetest.Day, []store.Record{rec, beside})
	h.forward(1, h.p)
	storetest.WantExactly(t, h.p, storetest.Day, []store.Record{rec, beside})
	h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: 2})
	h.wantNoneMissing(storetest.Day)
}

func TestSubmittedAgainAfterForwarding(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	l := h.fronts[1]
	recs := storetest.SubmittedRecords(storetest.Day, 30)
	storetest.AppendAll(t, l, recs)
	h.forward(1, h.p)
	snapshot, err := h.p.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	position := snapshot.Position()
	storetest.CloseIt(t, snapshot)
	fresh := storetest.Records(storetest.Day, 3)
	for range 3 {
		again := make([]store.Record, 0, len(recs))
		for _, r := range recs {
			again = append(again, storetest.SubmittedAgain(r, 1))
		}
		storetest.AppendAll(t, l, again)
		if held, _, err := l.Held(t.Context()); err != nil || held[storetest.Day].Pending != int64(len(recs)) {
			t.Errorf("held: %v, %v", held, err)
		}
		h.forward(1, h.p)
		h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: int64(len(recs))})
	}
	storetest.AppendAll(t, l, fresh)
	h.forward(1, h.p)
	storetest.WantExactly(t, h.p, storetest.Day, append(recs, fresh...))
	h.wantNoneMissing(storetest.Day)
	if state, err := h.p.State(t.Context(), storetest.Day, position); err != nil || state.Late != int64(len(fresh)) {
		t.Errorf("late after an export: %+v, %v; want the new logins alone", state, err)
	}
}

// TestSubmittedAtTwoFronts: the other front counts nothing, whichever of them is the first, also if both batches are on
// their way at once.
func TestSubmittedAtTwoFronts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, 2)
	recs := storetest.SubmittedRecords(storetest.Day, 40)
	for i := range recs {
		a, b := of(1, recs[i]), storetest.SubmittedAgain(recs[i], 2)
		storetest.AppendAll(t, h.fronts[1], []store.Record{a})
		storetest.AppendAll(t, h.fronts[2], []store.Record{b, of(2, storetest.Record(storetest.Day))})
	}
	h.forward(1, h.p)
	h.forward(2, h.p)
	h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: 40})
	h.wantForwarded(2, map[calendar.TradingDay]int64{storetest.Day: 40})
	h.wantNoneMissing(storetest.Day)
	stored := storetest.Stored(t, h.p, storetest.Day)
	for _, rec := range recs {
		if !storetest.SameRecord(stored[rec.ID], of(1, rec)) {
			t.Errorf("%v has not the first content: %+v", rec.ID, stored[rec.ID])
		}
	}
	for _, front := range []int32{2, 1} { // and once more at both
		for _, rec := range recs {
			storetest.AppendAll(t, h.fronts[front], []store.Record{storetest.SubmittedAgain(rec, front)})
		}
		h.forward(front, h.p)
	}
	h.wantNoneMissing(storetest.Day)
}

func TestSubmittedAtTwoFrontsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, 2)
	const n = 400
	var fronts sync.WaitGroup
	recs := storetest.SubmittedRecords(storetest.Day, n)
	for front, l := range h.fronts {
		storetest.Forward(t, l, h.p, forward.Options{BatchRows: 16, BatchDelay: time.Millisecond})
		fronts.Go(func() {
			for i := range recs {
				rec := storetest.SubmittedAgain(recs[(i+int(front)*n/2)%n], front)
				if _, err := l.Append(t.Context(), &rec); err != nil {
					t.Error(err)
				}
			}
		})
	}
	fronts.Wait()
	storetest.WantEmpty(t, h.fronts[1])
	storetest.WantEmpty(t, h.fronts[2])
	if got := len(storetest.Stored(t, h.p, storetest.Day)); got != n {
		t.Errorf("%d rows, want %d", got, n)
	}
	h.wantNoneMissing(storetest.Day)
}

// TestSubmittedOnTwoDays: sent again after 15:30, a submission is a line of each day: in one batch, by COPY and in doubt.
func TestSubmittedOnTwoDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	var today, tomorrow []store.Record
	for _, rec := range storetest.SubmittedRecords(storetest.Day, 5) {
		again := storetest.SubmittedAgain(rec, 1)
		again.TradingDay = next
		today, tomorrow = append(today, rec), append(tomorrow, again)
	}
	for range 3 { // in doubt, by COPY that fails, and as nothing new
		storetest.AppendAll(t, h.fronts[1], append(today, tomorrow...))
		h.forward(1, h.p)
		storetest.WantExactly(t, h.p, storetest.Day, today)
		storetest.WantExactly(t, h.p, next, tomorrow)
		h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: 5, next: 5})
	}
	h.wantNoneMissing(storetest.Day, next)
	if got, err := h.p.Find(t.Context(), today[0].ID); err != nil || got.TradingDay != storetest.Day {
		t.Errorf("found %+v, %v", got, err)
	}
}

// losing is a PostgreSQL whose answers to a Put are lost after the commit, n times, and that cannot say then whose a
// record is, n times.
type losing struct {
	*postgres.Store
	puts, asks atomic.Int32
}

func (l *losing) Put(ctx context.Context, recs []store.Record) error {
	err := l.Store.Put(ctx, recs)
	if err == nil && l.puts.Add(-1) >= 0 {
		return &store.InDoubtError{Err: errors.New("lost")}
	}
	return err
}

func (l *losing) StoredByOthers(ctx context.Context, recs []store.Record) ([]int, error) {
	if l.asks.Add(-1) >= 0 {
		return nil, errors.New("away")
	}
	return l.Store.StoredByOthers(ctx, recs)
}

func TestSubmittedInDoubt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, 2)
	recs := storetest.SubmittedRecords(storetest.Day, 20)
	storetest.AppendAll(t, h.fronts[1], recs[:10])
	h.forward(1, h.p)
	dest := &losing{Store: h.p}
	dest.puts.Store(2)
	dest.asks.Store(2)
	for _, rec := range recs { // ten that another front brought, ten that are new
		storetest.AppendAll(t, h.fronts[2], []store.Record{storetest.SubmittedAgain(rec, 2)})
	}
	h.forward(2, dest)
	h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: 10})
	h.wantForwarded(2, map[calendar.TradingDay]int64{storetest.Day: 10})
	h.wantNoneMissing(storetest.Day)
}

// TestSubmissionsAreForgotten: what is remembered for the count does not grow for ever, and nothing is forgotten that may
// come again.
func TestSubmissionsAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	path := filepath.Join(t.TempDir(), "local.db")
	h.fronts[1] = storetest.OpenJournalAt(t, path, journal.Options{})
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var recs []store.Record
	for hour := range 100 {
		rec := storetest.SubmittedRecord(storetest.Day)
		rec.LoginTime = at.Add(time.Duration(hour) * time.Hour)
		millis := rec.LoginTime.UnixMilli()
		for i := range 6 {
			rec.ID[i] = byte(millis >> (40 - 8*i))
		}
		recs = append(recs, rec)
	}
	for i := range recs {
		last := storetest.AppendAll(t, h.fronts[1], recs[i:i+1])
		if i >= 24 { // the oldest that a front may still take
			last = storetest.AppendAll(t, h.fronts[1], []store.Record{storetest.SubmittedAgain(recs[i-24], 1)})
		}
		if err := storetest.TrimThrough(t.Context(), h.fronts[1], last); err != nil {
			t.Fatal(err)
		}
	}
	h.wantForwarded(1, map[calendar.TradingDay]int64{storetest.Day: int64(len(recs))})
	kept := 0
	storetest.ReadLocal(t, path, "SELECT record_id FROM forwarded_submission", func(*sql.Rows) error { kept++; return nil })
	if kept != 25 {
		t.Errorf("%d are remembered, want those of 24 hours and the newest", kept)
	}
}
