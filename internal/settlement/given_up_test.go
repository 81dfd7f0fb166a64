package settlement

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestGiveUp: what is given up for good is no obstacle any more, and is in manifest, status and verify with who, when and
// why; until the front that held it reports again.
func TestGiveUp(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		recs := storetest.Records(day, 3)
		put(t, s, recs...)
		gone := holding(2, 4)
		gone.StoreID = uuid.New()
		gone.Held[day+1] = store.Held{Quarantined: 2}
		gone.Held[day+2] = store.Held{}
		lost := HeldBy([]store.Front{gone}, nil)
		if len(lost) != 2 || lost[0].Day != day || lost[0].Records != 4 || lost[1].Records != 2 {
			t.Fatalf("%+v", lost)
		}
		w := store.Waiver{At: afterClose, By: "admin@desk", Reason: " "}
		if err := GiveUp(t.Context(), s, w, lost); !errors.Is(err, ErrNoReason) {
			t.Errorf("no reason: %v", err)
		}
		w.Reason = "the disk burned"
		if err := GiveUp(t.Context(), s, w, lost); err != nil {
			t.Fatal(err)
		}
		w.At, w.Reason = afterClose.Add(time.Second), "as above" // the command was run twice
		if err := GiveUp(t.Context(), s, w, lost); err != nil {
			t.Fatal(err)
		}
		gone.Retired = afterClose
		fronts := changingFronts{gone}
		dir := t.TempDir()
		x := exporter(t, s, dir)
		x.Fronts = &fronts
		m := wantFile(t, mustExport(t, x, store.FullExport).Path, store.FullExport, recs)
		if len(m.Waived) != 1 || m.Waived[0].Kind != RecordsGivenUp || m.Waived[0].By != "admin@desk" || m.Waived[0].Reason != "as above" ||
			m.Waived[0].Records != 4 || len(m.FrontsMissing) != 0 {
			t.Errorf("manifest %+v", m)
		}
		r, err := verify.Verify(t.Context(), verify.Options{Path: reportPath(dir, ""), TempDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if said := incomplete(r); !strings.Contains(said, "was retired while it held records of the day; waived by admin@desk") {
			t.Errorf("verify: %q", said)
		}
		st, err := (&Survey{Store: s, Fronts: &fronts, Calendar: x.Calendar}).Status(t.Context(), afterClose, day)
		if err != nil || st.Good || len(st.Obstacles.Open) != 0 || !strings.Contains(st.Next, "INCOMPLETE") {
			t.Errorf("status %+v, %v", st, err)
		}

		back := gone // it was started again and has handed its records over
		back.Retired, back.Held = time.Time{}, nil
		fronts = changingFronts{back}
		if m := wantFile(t, mustExport(t, x, store.FullExport).Path, store.FullExport, recs); len(m.Waived) != 0 {
			t.Errorf("the front is back: %+v", m.Waived)
		}
		fronts = changingFronts{gone, back} // a copy of its store runs beside
		if m := wantFile(t, mustExport(t, x, store.FullExport).Path, store.FullExport, recs); len(m.Waived) != 1 {
			t.Errorf("a copy is no return: %+v", m.Waived)
		}
	})
}

// incomplete is what verify says that the file may lack.
func incomplete(r *verify.Report) (said string) {
	for _, f := range r.Faults {
		for _, e := range f.Examples {
			if f.Kind == verify.FileIncomplete.String() {
				said += e.Problem + "\n"
			}
		}
	}
	return said
}

// Damaged stores, and a row that cannot be read, count for the days whose reports are still to be written; a life is one of several on a store.
func TestHeldBy(t *testing.T) {
	t.Parallel()
	f := store.Front{FrontReport: store.FrontReport{FrontID: 7, Host: "h", CorruptStores: 2, Life: uuid.New()}, OtherLife: true}
	lost := HeldBy([]store.Front{f}, []calendar.TradingDay{day, day + 1})
	if len(lost) != 2 || lost[1].Day != day+1 || !strings.Contains(lost[0].Where, "life") || lost[0].Records != 0 {
		t.Errorf("%+v", lost)
	}
	f.CorruptStores, f.Unreadable = 0, true
	if lost = HeldBy([]store.Front{f}, []calendar.TradingDay{day, day + 1}); len(lost) != 2 || lost[1].Day != day+1 || !strings.Contains(lost[0].What, "could not be read") {
		t.Errorf("unreadable: %+v", lost)
	}
}

// TestNotHeardOf: a front that was killed is retired, and the reports of the days at which it may have taken logins say so: those whose
// reports waited for it, and no other day. One that stopped with nothing waiting leaves no note.
func TestNotHeardOf(t *testing.T) {
	t.Parallel()
	cal := sampleCalendar(t)
	_, end, err := cal.Window(day)
	if err != nil {
		t.Fatal(err)
	}
	killed := holding(2, 0)
	killed.StoreID, killed.Held = uuid.New(), nil
	next := cal.Next(day)
	for _, tt := range []struct {
		seen time.Time
		want []calendar.TradingDay
	}{
		{end.Add(-time.Hour), []calendar.TradingDay{day, next}},
		{end.Add(FrontMargin - time.Second), []calendar.TradingDay{day, next}},
		{end.Add(FrontMargin), []calendar.TradingDay{next}},
	} {
		killed.Counted, killed.Seen = tt.seen.Add(time.Hour), tt.seen // a clock that ran ahead proves nothing
		var days []calendar.TradingDay
		for _, l := range NotHeardOf([]store.Front{killed}, cal, end.Add(3*time.Hour)) {
			days = append(days, l.Day)
		}
		if !slices.Equal(days, tt.want) {
			t.Errorf("last seen %v: %v, want %v", tt.seen, days, tt.want)
		}
		if waits := len(FrontObstacles([]store.Front{killed}, day, end)) > 0; waits != slices.Contains(days, day) {
			t.Errorf("last seen %v: the report waits: %v, losses of %v", tt.seen, waits, days)
		}
	}
	killed.Stopped = true
	if lost := NotHeardOf([]store.Front{killed}, cal, afterClose); len(lost) != 0 {
		t.Errorf("one that stopped: %+v", lost)
	}
}

// TestKilledFrontIsRetired: the report without what it may have taken is INCOMPLETE, beside what it held, until it reports again.
func TestKilledFrontIsRetired(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	killed := holding(2, 4)
	killed.StoreID = uuid.New()
	killed.Seen = afterClose.Add(-2 * time.Hour)
	gone := []store.Front{killed}
	lost := append(HeldBy(gone, nil), NotHeardOf(gone, sampleCalendar(t), afterClose)...)
	if err := GiveUp(t.Context(), s, store.Waiver{At: afterClose, By: "admin@desk", Reason: "front retire --force"}, lost); err != nil {
		t.Fatal(err)
	}
	killed.Retired = afterClose
	fronts := changingFronts{killed}
	x := exporter(t, s, t.TempDir())
	x.Fronts = &fronts
	m := wantFile(t, mustExport(t, x, store.FullExport).Path, store.FullExport, recs)
	if len(m.Waived) != 2 || m.Waived[0].Records != 4 || m.Waived[1].Records != 0 || !strings.Contains(m.Waived[1].What, "did not say that it stopped") {
		t.Errorf("manifest %+v, want what it held and what it may have taken since", m.Waived)
	}
	r, err := verify.Verify(t.Context(), verify.Options{Path: reportPath(x.OutDir, ""), TempDir: x.OutDir})
	if err != nil || !strings.Contains(incomplete(r), "logins after its last report may be missing") {
		t.Errorf("verify: %q, %v", incomplete(r), err)
	}
	back := killed
	back.Retired, back.Held, back.Seen = time.Time{}, nil, back.Counted
	fronts = changingFronts{back}
	if m := wantFile(t, mustExport(t, x, store.FullExport).Path, store.FullExport, recs); len(m.Waived) != 0 {
		t.Errorf("the front is back: %+v", m.Waived)
	}
}
