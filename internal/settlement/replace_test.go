package settlement

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// A day whose partition was detached, as firms do with old days, is archived. No advice of ours
// leads to its report being replaced, and no export does it without force.
func TestArchivedDay(t *testing.T) {
	url := storetest.Migrated(t)
	s := openPostgres(t, url, true)
	recs := storetest.Records(day, 5)
	put(t, s, recs...)
	dir := t.TempDir()
	x := exporter(t, s, dir)
	mustExport(t, x, store.FullExport)
	before, err := os.ReadFile(reportPath(dir, ""))
	if err != nil {
		t.Fatal(err)
	}
	administer(t, url).run("ALTER TABLE record DETACH PARTITION record_" + day.String())

	st := status(t, s)
	if !st.Archived || !st.Good || st.Moved != 0 || st.Gone != 5 || !strings.HasPrefix(st.Next, "archived: its records are in 0001clientinfo20260105.txt") ||
		strings.Contains(st.Next, "export the day again:") {
		t.Errorf("%+v", st)
	}
	// What a front that came back holds of the day is in no archive.
	holding := store.Front{FrontReport: store.FrontReport{FrontID: 2, Host: "b", Held: map[calendar.TradingDay]store.Held{day: {Quarantined: 3}}}}
	back := Survey{Store: s, Calendar: x.Calendar, Fronts: KnownFronts{holding}}
	if st, err := back.Status(t.Context(), afterClose, day); err != nil || st.Good || !st.Archived || !strings.Contains(st.Next, "has 3 records of the day in quarantine") {
		t.Errorf("%+v, %v", st, err)
	}
	var kept *ObstaclesError
	if _, err := x.Export(t.Context(), day, store.FullExport); !errors.As(err, &kept) || kept.Open[0].Kind != store.RecordsGone || kept.Open[0].Records != 5 {
		t.Errorf("%v", err)
	}
	// An operator who waives that is asked once more before the file goes.
	survey := Survey{Store: s, Calendar: x.Calendar}
	if _, err := survey.Waive(t.Context(), store.Waiver{Day: day, At: afterClose, By: "a@b", Reason: "a test"}, nil); err != nil {
		t.Fatal(err)
	}
	var replace *ReplaceError
	if _, err := x.Export(t.Context(), day, store.FullExport); !errors.As(err, &replace) || replace.Obstacles[0].Kind != store.FewerRecords {
		t.Errorf("%v", err)
	}
	if now, err := os.ReadFile(reportPath(dir, "")); err != nil || string(now) != string(before) {
		t.Error("the report was touched", err)
	}
	x.Force, x.Reason, x.By = true, "an order of the court", "a@b"
	d := mustExport(t, x, store.FullExport)
	if d.Rows != 0 || d.Replaced == nil || d.Replaced.Kept != reportPath(dir, "")+".replaced-1" {
		t.Errorf("%+v", d.Replaced)
	}
	if old, err := os.ReadFile(d.Replaced.Kept); err != nil || string(old) != string(before) {
		t.Error("the report that was replaced is not beside it", err)
	}
	m, err := reportfile.ReadManifest(reportPath(dir, ""))
	if err != nil || len(m.Waived) != 2 || m.Waived[1].Kind != store.FewerRecords || m.Waived[1].Reason != "an order of the court" || m.Waived[1].By != "a@b" {
		t.Errorf("%+v, %v", m, err)
	}
	if old, err := reportfile.ReadManifest(d.Replaced.Kept); err != nil || old.Rows != 5 {
		t.Errorf("%+v, %v", old, err)
	}
}

// Records that were deleted in the store are missed, whether all of them or some.
func TestDeletedRecordsAreMissed(t *testing.T) {
	url := storetest.Migrated(t)
	s := openPostgres(t, url, true)
	put(t, s, storetest.Records(day, 5)...)
	x := exporter(t, s, t.TempDir())
	mustExport(t, x, store.FullExport)
	administer(t, url).run("DELETE FROM record WHERE record_id = (SELECT record_id FROM record LIMIT 1)")
	if st := status(t, s); st.Good || st.Gone != 1 || st.Archived || !strings.Contains(st.Next, "1 of the 5 that were reported are not in the store any more") {
		t.Errorf("%+v", st)
	}
}

// TestTwoWaiversAtOnce: --despite-fronts and --force of one export waive two things at the same instant; both are noted.
func TestTwoWaiversAtOnce(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		put(t, s, storetest.Records(day, 3)...)
		x := exporter(t, s, t.TempDir())
		mustExport(t, x, store.FullExport)
		if err := s.AddHandedIn(t.Context(), &store.HandedIn{Day: day, At: afterClose, By: "clerk@desk", Number: 1}); err != nil {
			t.Fatal(err)
		}
		put(t, s, storetest.Record(day))
		holding := store.Front{FrontReport: store.FrontReport{FrontID: 7, Held: map[calendar.TradingDay]store.Held{day: {Pending: 2}}, Stopped: true}}
		x.Fronts, x.DespiteFronts, x.Force, x.Reason, x.By = KnownFronts{holding}, true, true, "the centre asked for one file", "a@b"
		d := mustExport(t, x, store.FullExport)
		if len(d.Waived) != 2 || d.Waived[0].Kind != store.FrontHolds || d.Waived[1].Kind != store.ReportHandedIn {
			t.Errorf("waived %+v", d.Waived)
		}
		if all := d.Warnings(""); len(all) != 2 || !strings.HasPrefix(all[0], "INCOMPLETE as far as is known: front 7") ||
			!strings.HasPrefix(all[1], "hand this file in, too: 0001clientinfo20260105.txt was handed in") {
			t.Errorf("warns %q", all)
		}
		noted, err := s.Waivers(t.Context(), day)
		if err != nil || len(noted) != 2 || noted[0].Reason != "--despite-fronts" || noted[1].Reason != x.Reason || !noted[1].At.After(noted[0].At) ||
			!noted[1].At.Equal(d.Waived[1].At) {
			t.Errorf("noted %+v, %v", noted, err)
		}
	})
}

// A report that was handed in is not replaced, not even by a fuller one.
func TestHandedIn(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		put(t, s, storetest.Records(day, 3)...)
		dir := t.TempDir()
		x := exporter(t, s, dir)
		mustExport(t, x, store.FullExport)
		if st := status(t, s); !st.Good || !strings.Contains(st.Next, "report handed-in --day 20260105") {
			t.Errorf("%+v", st)
		}
		noted := store.HandedIn{Day: day, At: afterClose, By: "clerk@desk", Number: 1}
		if err := s.AddHandedIn(t.Context(), &noted); err != nil {
			t.Fatal(err)
		}
		if err := s.AddHandedIn(t.Context(), &noted); !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
		if st := status(t, s); !st.Good || st.HandedIn == nil || !strings.HasPrefix(st.Next, "handed in") {
			t.Errorf("%+v", st)
		}
		mustExport(t, x, store.FullExport) // the same file
		if st := status(t, s); len(st.ToHandIn) != 0 || !strings.HasPrefix(st.Next, "handed in") {
			t.Errorf("the same bytes once more: %+v", st)
		}
		put(t, s, storetest.Record(day))
		var replace *ReplaceError
		if _, err := x.Export(t.Context(), day, store.FullExport); !errors.As(err, &replace) || replace.Obstacles[0].Kind != store.ReportHandedIn ||
			!strings.Contains(err.Error(), "clerk@desk") {
			t.Errorf("%v", err)
		}
		elsewhere := exporter(t, s, t.TempDir()) // where no file has the report's name
		if _, err := elsewhere.Export(t.Context(), day, store.FullExport); !errors.As(err, &replace) || len(replace.Obstacles) != 1 ||
			replace.Obstacles[0].Kind != store.ReportHandedIn || len(names(t, elsewhere.OutDir)) != 0 {
			t.Errorf("in another folder: %v, %v", err, names(t, elsewhere.OutDir))
		}
		if st := status(t, s); st.Late != 1 {
			t.Errorf("the late record is out of sight: %+v", st)
		}
		mustExport(t, x, store.SupplementExport)
		if st := status(t, s); !st.Good || st.HandedIn == nil || len(st.ToHandIn) != 1 || st.ToHandIn[0].Kind != store.SupplementExport ||
			!strings.HasPrefix(st.Next, "not handed in yet: verify 0001clientinfo20260105.supplement-1.txt") {
			t.Errorf("a supplement that was not handed in: %+v", st)
		}
		x.Force, x.Reason = true, "the centre asked for one file"
		if d := mustExport(t, x, store.FullExport); d.Rows != 4 || d.Replaced.Kept == "" {
			t.Errorf("%+v", d)
		}
		if st := status(t, s); len(st.ToHandIn) != 1 || st.ToHandIn[0].Kind != store.FullExport {
			t.Errorf("a forced report that was not handed in: %+v", st)
		}
		x.Force = false
		mustExport(t, x, store.FullExport) // what was forced may be written again
		kept, err := filepath.Glob(filepath.Join(dir, "*.replaced-1*"))
		if err != nil || len(kept) != 2 {
			t.Error(kept, err)
		}
	})
}
