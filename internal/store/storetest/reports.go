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
	"github.com/tradefront/tradefront/internal/store"
)

// ReportStore is what both stores can do for reports.
type ReportStore interface {
	store.Store
	Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error)
	AddExport(ctx context.Context, e *store.Export) error
	Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error)
	State(ctx context.Context, day calendar.TradingDay, position store.Position) (store.DayState, error)
	Late(ctx context.Context) ([]store.DayCount, error)
	Left(ctx context.Context) ([]calendar.TradingDay, error)
	Reassign(ctx context.Context, dayOf store.DayOf, progress func(int64)) (store.Reassigned, error)
	Identity(ctx context.Context) (string, error)
}

// RunReports is the suite of snapshots, ledger and reassignment; for open see Run.
func RunReports(t *testing.T, open func(t *testing.T) ReportStore) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, ReportStore)
	}{
		{"a snapshot does not change", snapshotStands},
		{"a snapshot has all that a line needs", snapshotFields},
		{"a snapshot stops at the error of its function", snapshotStops},
		{"late is what a position does not cover", lateAfterPosition},
		{"putting again makes nothing late", againIsNotLate},
		{"late under concurrent writers", lateUnderLoad},
		{"partial exports do not count for late", partialIsNoBase},
		{"the ledger", ledger},
		{"one number of a day is given once", ledgerRace},
		{"reassign moves, confirms and leaves", reassign},
		{"reassign drops the copy sent again", reassignCopy},
		{"reassign in many batches beside a writer", reassignMany},
		{"records on another day than their login time's are found", windows},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
	t.Run("no two have one identity", func(t *testing.T) { identities(t, open(t), open(t)) })
}

func open(t *testing.T, s ReportStore, day calendar.TradingDay) store.Snapshot {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), day)
	must(t, err)
	return snap
}

// seen are the RecordIDs that snap has after a position.
func seen(t *testing.T, snap store.Snapshot, after store.Position) (ids []uuid.UUID) {
	t.Helper()
	must(t, snap.Scan(t.Context(), after, func(r *store.Record) error { ids = append(ids, r.ID); return nil }))
	return ids
}

func idsOf(recs []store.Record) (ids []uuid.UUID) {
	for _, r := range recs {
		ids = append(ids, r.ID)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// full notes an export of what snap sees, and closes it.
func full(t *testing.T, s ReportStore, snap store.Snapshot, day calendar.TradingDay, number int, kind store.ExportKind) store.Export {
	t.Helper()
	e := store.Export{
		Day: day, Number: number, Kind: kind, At: created, Rows: int64(len(seen(t, snap, ""))), Bytes: 1,
		SHA256: [32]byte{1, 2}, File: "f.txt", Position: snap.Position(), Version: "v1", Host: "h", UnitID: "0001",
	}
	must(t, snap.Close())
	must(t, s.AddExport(t.Context(), &e))
	return e
}

func lateCounts(t *testing.T, s ReportStore) []store.DayCount {
	t.Helper()
	got, err := s.Late(t.Context())
	must(t, err)
	return got
}

// identities: the manifests of two stores' reports can be distinguished, and those of one cannot.
func identities(t *testing.T, a, b ReportStore) {
	t.Helper()
	first, err := a.Identity(t.Context())
	must(t, err)
	again, err := a.Identity(t.Context())
	must(t, err)
	other, err := b.Identity(t.Context())
	must(t, err)
	if first == "" || first != again || first == other {
		t.Errorf("one store is %q and %q, another %q", first, again, other)
	}
}

func snapshotStands(t *testing.T, s ReportStore) {
	recs := Records(Day, 5)
	put(t, s, recs...)
	put(t, s, Records(Day+1, 3)...)
	snap := open(t, s, Day)
	put(t, s, Records(Day, 4)...)
	for range 2 {
		if diff := cmp.Diff(idsOf(recs), seen(t, snap, "")); diff != "" {
			t.Errorf("the snapshot moved (-want +got):\n%s", diff)
		}
	}
	if late := seen(t, snap, snap.Position()); len(late) != 0 {
		t.Errorf("%d records are late to the snapshot's own position", len(late))
	}
	must(t, snap.Close())
}

func snapshotFields(t *testing.T, s ReportStore) {
	want := Record(Day)
	want.Terminal, want.Flag, want.Provisional = nil, '1', true
	put(t, s, want)
	snap := open(t, s, Day)
	defer snap.Close()
	calls := 0
	must(t, snap.Scan(t.Context(), "", func(got *store.Record) error {
		calls++
		got.Terminal = bytes.Clone(got.Terminal)
		got.AppID, got.Account, got.UserType = want.AppID, want.Account, want.UserType
		got.FrontID, got.SessionID = want.FrontID, want.SessionID
		equal(t, []store.Record{*got}, []store.Record{want})
		return nil
	}))
	if calls != 1 {
		t.Errorf("%d records", calls)
	}
}

func snapshotStops(t *testing.T, s ReportStore) {
	put(t, s, Records(Day, 2000)...)
	snap, stop := open(t, s, Day), errors.New("stop")
	if err := snap.Scan(t.Context(), "", func(*store.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the function's own error", err)
	}
	must(t, snap.Close())
	for _, last := range []int{1, 2000} {
		snap = open(t, s, Day)
		cancelledAt(t, last, func(ctx context.Context, f func(*store.Record) error) error { return snap.Scan(ctx, "", f) })
		must(t, snap.Close())
	}
	if got := len(scan(t, s, Day)); got != 2000 {
		t.Errorf("after scans that were stopped, another sees %d records of 2000", got)
	}
}

// cancelledAt wants a scan whose context ends at that record to say so, however many rows are here already.
func cancelledAt(t *testing.T, record int, scan func(context.Context, func(*store.Record) error) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	err := scan(ctx, func(*store.Record) error {
		if calls++; calls == record {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a scan cancelled at record %d: %v", record, err)
	}
}

func lateAfterPosition(t *testing.T, s ReportStore) {
	put(t, s, Records(Day, 5)...)
	put(t, s, Records(Day+1, 2)...)
	if got := lateCounts(t, s); len(got) != 0 {
		t.Errorf("late without any export: %v", got)
	}
	snap := open(t, s, Day)
	late := Records(Day, 3)
	put(t, s, late...) // while the export reads
	e := full(t, s, snap, Day, 1, store.FullExport)
	put(t, s, Records(Day+1, 2)...)

	if diff := cmp.Diff([]store.DayCount{{Day: Day, Records: 3}}, lateCounts(t, s)); diff != "" || e.Rows != 5 {
		t.Errorf("late (-want +got):\n%s, %d rows", diff, e.Rows)
	}
	state, err := s.State(t.Context(), Day, e.Position)
	must(t, err)
	if want := (store.DayState{Records: 8, Late: 3}); state != want {
		t.Errorf("state %+v, want %+v", state, want)
	}
	if state, err = s.State(t.Context(), Day, ""); err != nil || state.Late != 0 || state.Records != 8 {
		t.Errorf("state without a position: %+v, %v", state, err)
	}
	snap = open(t, s, Day)
	if diff := cmp.Diff(idsOf(late), seen(t, snap, e.Position)); diff != "" {
		t.Errorf("late records (-want +got):\n%s", diff)
	}
	full(t, s, snap, Day, 2, store.SupplementExport)
	if got := lateCounts(t, s); len(got) != 0 {
		t.Errorf("late after the supplement: %v", got)
	}
}

func againIsNotLate(t *testing.T, s ReportStore) {
	recs := Records(Day, 5)
	put(t, s, recs...)
	full(t, s, open(t, s, Day), Day, 1, store.FullExport)
	put(t, s, recs...)
	if got := lateCounts(t, s); len(got) != 0 {
		t.Errorf("late: %v", got)
	}
}

// lateUnderLoad: while writers commit in any order, each record is in exactly one of a
// chain of exports.
func lateUnderLoad(t *testing.T, s ReportStore) {
	const writers, batches = 6, 15
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range batches {
				if err := s.Put(t.Context(), Records(Day, 7)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { wg.Wait(); close(written) }()
	times, position := make(map[uuid.UUID]int), store.Position("")
	for running := true; running; {
		select {
		case <-written:
			running = false // one more export, of the rest
		default:
		}
		snap := open(t, s, Day)
		for _, id := range seen(t, snap, position) {
			times[id]++
		}
		position = snap.Position()
		must(t, snap.Close())
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%v was exported %d times", id, n)
		}
	}
	if want := writers * batches * 7; len(times) != want {
		t.Errorf("%d records exported, %d written", len(times), want)
	}
}

func partialIsNoBase(t *testing.T, s ReportStore) {
	put(t, s, Records(Day, 2)...)
	full(t, s, open(t, s, Day), Day, 1, store.PartialExport)
	put(t, s, Records(Day, 1)...)
	if got := lateCounts(t, s); len(got) != 0 {
		t.Errorf("late to a partial export: %v", got)
	}
	full(t, s, open(t, s, Day), Day, 2, store.FullExport)
	put(t, s, Records(Day, 1)...)
	full(t, s, open(t, s, Day), Day, 3, store.PartialExport)
	if diff := cmp.Diff([]store.DayCount{{Day: Day, Records: 1}}, lateCounts(t, s)); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}
}

func ledger(t *testing.T, s ReportStore) {
	put(t, s, Records(Day, 2)...)
	if got, err := s.Exports(t.Context(), Day); err != nil || len(got) != 0 {
		t.Errorf("an empty ledger: %v, %v", got, err)
	}
	want := []store.Export{
		full(t, s, open(t, s, Day), Day, 1, store.PartialExport),
		full(t, s, open(t, s, Day), Day, 2, store.FullExport),
	}
	full(t, s, open(t, s, Day+1), Day+1, 1, store.FullExport)
	got, err := s.Exports(t.Context(), Day)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exports (-want +got):\n%s", diff)
	}
}

func ledgerRace(t *testing.T, s ReportStore) {
	e := full(t, s, open(t, s, Day), Day, 1, store.FullExport)
	e.Rows = 99
	if err := s.AddExport(t.Context(), &e); !errors.Is(err, store.ErrExists) {
		t.Errorf("%v, want ErrExists", err)
	}
	got, err := s.Exports(t.Context(), Day)
	if err != nil || len(got) != 1 || got[0].Rows != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// guesses are records whose provisional day is Day; their login times are an hour apart.
func guesses(n int) []store.Record {
	recs := Records(Day, n)
	for i := range recs {
		recs[i].Provisional = true
		recs[i].LoginTime = recs[i].LoginTime.Add(time.Duration(i) * time.Hour)
	}
	return recs
}

func reassigned(t *testing.T, s ReportStore, dayOf store.DayOf) store.Reassigned {
	t.Helper()
	got, err := s.Reassign(t.Context(), dayOf, nil)
	must(t, err)
	return got
}

func reassign(t *testing.T, s ReportStore) {
	recs, certain := guesses(6), Record(Day)
	put(t, s, append(recs, certain)...)
	e := full(t, s, open(t, s, Day), Day, 1, store.FullExport)
	full(t, s, open(t, s, Day+3), Day+3, 1, store.FullExport)
	// The first two were right, the next three belong to Day+3, the last is still unknown.
	dayOf := func(at time.Time) (calendar.TradingDay, bool) {
		switch hours := int(at.Sub(recs[0].LoginTime).Hours()); {
		case hours < 2:
			return Day, false
		case hours < 5:
			return Day + 3, false
		}
		return Day + 9, true
	}
	if got, want := reassigned(t, s, dayOf), (store.Reassigned{Moved: 3, Confirmed: 2, Provisional: 1}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range recs[:5] {
		recs[i].Provisional = false
	}
	for i := 2; i < 5; i++ {
		recs[i].TradingDay = Day + 3
	}
	equal(t, scan(t, s, Day), []store.Record{recs[0], recs[1], recs[5], certain})
	equal(t, scan(t, s, Day+3), recs[2:5])
	if diff := cmp.Diff([]store.DayCount{{Day: Day + 3, Records: 3}}, lateCounts(t, s)); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}
	state, err := s.State(t.Context(), Day, e.Position)
	must(t, err)
	if want := (store.DayState{Records: 4, Provisional: 1}); state != want || e.Rows != 7 {
		t.Errorf("the day left: %+v, want %+v; %d rows", state, want, e.Rows)
	}
	wantLeft(t, s, Day)
	if got, want := reassigned(t, s, dayOf), (store.Reassigned{Provisional: 1}); got != want {
		t.Errorf("again: %+v, want %+v", got, want)
	}
	full(t, s, open(t, s, Day), Day, 2, store.SupplementExport)
	wantLeft(t, s, Day) // the lines are in the full report still
	full(t, s, open(t, s, Day), Day, 3, store.FullExport)
	wantLeft(t, s)
}

func wantLeft(t *testing.T, s ReportStore, want ...calendar.TradingDay) {
	t.Helper()
	got, err := s.Left(t.Context())
	must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("days that records left: %v, want %v", got, want)
	}
}

// reassignCopy: a batch in doubt is sent again after its record was moved.
func reassignCopy(t *testing.T, s ReportStore) {
	rec := guesses(1)[0]
	put(t, s, rec)
	dayOf := func(time.Time) (calendar.TradingDay, bool) { return Day + 1, false }
	if got, want := reassigned(t, s, dayOf), (store.Reassigned{Moved: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	put(t, s, rec)
	full(t, s, open(t, s, Day), Day, 1, store.FullExport)
	wantLeft(t, s)
	if got, want := reassigned(t, s, dayOf), (store.Reassigned{Dropped: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	wantLeft(t, s, Day)
	full(t, s, open(t, s, Day), Day, 2, store.FullExport)
	wantLeft(t, s)
	rec.TradingDay, rec.Provisional = Day+1, false
	equal(t, scan(t, s, Day), nil)
	equal(t, scan(t, s, Day+1), []store.Record{rec})
}

func reassignMany(t *testing.T, s ReportStore) {
	const n = 2203
	recs := guesses(n)
	for i := range recs {
		recs[i].LoginTime = recs[0].LoginTime.Add(time.Duration(i/3) * time.Second) // many at one instant
	}
	put(t, s, recs[:n/2]...)
	done := make(chan error, 1)
	go func() { done <- s.Put(t.Context(), recs[n/2:]) }()
	odd := func(at time.Time) (calendar.TradingDay, bool) { return Day + 1, at.Second()%2 == 0 }
	var told int64
	first, err := s.Reassign(t.Context(), odd, func(looked int64) { told = looked })
	must(t, err)
	must(t, <-done)
	if told != first.Looked() {
		t.Errorf("progress ended at %d of %d", told, first.Looked())
	}
	second := reassigned(t, s, odd)
	third := reassigned(t, s, func(time.Time) (calendar.TradingDay, bool) { return Day + 1, false })
	if got := first.Moved + second.Moved + third.Moved; got != n {
		t.Errorf("%d moved, want %d: %+v, %+v, %+v", got, n, first, second, third)
	}
	if got := len(scan(t, s, Day+1)); got != n {
		t.Errorf("%d records on the right day, want %d", got, n)
	}
	equal(t, scan(t, s, Day), nil)
}
