package settlement

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestReassignedDay: a day's export holds lines that are another day's now.
func TestReassignedDay(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		dir := t.TempDir()
		x := exporter(t, s, dir)
		stays, goes := storetest.Records(day, 3), storetest.Records(day, 2)
		for i := range goes {
			goes[i].Provisional = true
			goes[i].LoginTime = afterClose.Add(time.Hour)
		}
		put(t, s, append(goes, stays...)...)
		survey := Survey{Store: s, Calendar: x.Calendar}
		if _, err := survey.Waive(t.Context(), store.Waiver{Day: day, At: x.Now(), Reason: "as before there were obstacles"}, nil); err != nil {
			t.Fatal(err)
		}
		d := mustExport(t, x, store.FullExport)
		if d.Provisional != 2 || d.Outside != 2 {
			t.Errorf("%+v", d)
		}
		if st := status(t, s); st.Good || !strings.Contains(st.Next, "calendar reassign") {
			t.Errorf("before: %+v", st)
		}
		did, err := s.Reassign(t.Context(), sampleCalendar(t).TradingDayOf, nil)
		if err != nil || did.Moved != 2 {
			t.Fatalf("%+v, %v", did, err)
		}
		if st := status(t, s); st.Good || st.Moved != 2 || !strings.Contains(st.Next, "another day") {
			t.Errorf("after: %+v", st)
		}
		late := storetest.Record(day)
		put(t, s, late)
		stays = append(stays, late)
		mustExport(t, x, store.SupplementExport)
		if st := status(t, s); st.Good || st.Moved != 2 || st.Gone != 0 || len(st.Obstacles.Open) != 0 || !strings.Contains(st.Next, "another day") {
			t.Errorf("after a supplement: %+v", st)
		}
		mustExport(t, x, store.FullExport)
		wantFile(t, reportPath(dir, ""), store.FullExport, stays)
		if st := status(t, s); !st.Good || st.Moved != 0 {
			t.Errorf("exported again: %+v", st)
		}
	})
}

// TestReportBeforeAMove: records were moved to another day after the file was written, which has more lines than the new report. That
// is no obstacle where the last full export went to another folder, nor where the file is a partial report; it is kept.
func TestReportBeforeAMove(t *testing.T) {
	for _, kind := range []store.ExportKind{store.FullExport, store.PartialExport} {
		t.Run(string(kind), func(t *testing.T) {
			onBothStores(t, func(t *testing.T, s bothStore) {
				x, elsewhere := exporter(t, s, t.TempDir()), exporter(t, s, t.TempDir())
				stays, goes := storetest.Records(day, 3), storetest.Records(day, 2)
				for i := range goes {
					goes[i].Provisional = true
					goes[i].LoginTime = afterClose.Add(time.Hour)
				}
				put(t, s, append(goes, stays...)...)
				survey := Survey{Store: s, Calendar: x.Calendar}
				if _, err := survey.Waive(t.Context(), store.Waiver{Day: day, At: x.Now(), Reason: "as before there were obstacles"}, nil); err != nil {
					t.Fatal(err)
				}
				if kind == store.PartialExport {
					x.Now = func() time.Time { return afterClose.Add(-time.Minute) }
				}
				if d := mustExport(t, x, kind); d.Kind != kind || d.Rows != 5 {
					t.Fatalf("%+v", d)
				}
				if did, err := s.Reassign(t.Context(), sampleCalendar(t).TradingDayOf, nil); err != nil || did.Moved != 2 {
					t.Fatalf("%+v, %v", did, err)
				}
				x.Now = elsewhere.Now
				if kind == store.FullExport {
					mustExport(t, elsewhere, store.FullExport)
				}
				if d := mustExport(t, x, store.FullExport); d.Rows != 3 || d.Replaced == nil || d.Replaced.Kept == "" {
					t.Errorf("%+v", d)
				}
			})
		})
	}
}

// TestDayThatWasNone: a day that was reported and turned out to be a holiday.
func TestDayThatWasNone(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, s, storetest.Records(day, 2)...)
	mustExport(t, exporter(t, s, t.TempDir()), store.FullExport)
	cal, err := calendar.Parse([]byte("years:\n  - {year: 2026, provisional: false, source: x, closed: [{from: 2026-01-05, to: 2026-01-05, name: x}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := (&Survey{Store: s, Calendar: cal}).Status(t.Context(), afterClose, day)
	if err != nil || st.Good || !strings.Contains(st.Next, "20260105 is not a trading day: its logins belong to 20260106; it was reported") {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := (&Survey{Store: s, Calendar: cal}).Status(t.Context(), afterClose, day-1); err == nil {
		t.Error("a Sunday without a report has a status")
	}
}

// TestDayBeforeTheStore: a day that was over before the store was made is another system's, unless there is a record of it.
func TestDayBeforeTheStore(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db")) // made now, long after the day
	survey := &Survey{Store: s, Calendar: sampleCalendar(t)}
	st, err := survey.Status(t.Context(), afterClose, day)
	if err != nil || !st.Earlier || !st.Good || !strings.HasPrefix(st.Next, "nothing: the day was over before this store was made, at 20") {
		t.Errorf("%+v, %v", st, err)
	}
	mustExport(t, exporter(t, s, t.TempDir()), store.FullExport) // of the wrong day
	if st, err = survey.Status(t.Context(), afterClose, day); err != nil || !st.Earlier || !strings.HasPrefix(st.Next, "nothing: the day was over before") {
		t.Errorf("with an empty export: %+v, %v", st, err)
	}
	put(t, s, storetest.Records(day, 2)...)
	if st, err = survey.Status(t.Context(), afterClose, day); err != nil || st.Earlier || st.Good || !strings.Contains(st.Next, "report export") {
		t.Errorf("with records: %+v, %v", st, err)
	}
}
