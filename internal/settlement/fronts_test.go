package settlement

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func TestFrontObstacles(t *testing.T) {
	_, end, err := sampleCalendar(t).Window(day)
	if err != nil {
		t.Fatal(err)
	}
	holding := func(d calendar.TradingDay, h store.Held) map[calendar.TradingDay]store.Held {
		return map[calendar.TradingDay]store.Held{d: h}
	}
	said := func(f store.FrontReport, ago time.Duration) store.Front {
		f.FrontID, f.Host = 7, "seven"
		return store.Front{FrontReport: f, Seen: f.Counted, Ago: ago}
	}
	after, before := end.Add(FrontMargin), end.Add(FrontMargin-time.Second)
	retired := said(store.FrontReport{Held: holding(day, store.Held{Pending: 3}), Counted: before}, time.Hour)
	retired.Retired = after
	other := func(f store.FrontReport) store.Front {
		g := said(f, time.Hour)
		g.OtherLife = true
		return g
	}
	unreadable := func(f store.Front) store.Front {
		f.Unreadable = true
		return f
	}
	ahead := said(store.FrontReport{Counted: after.Add(time.Hour)}, time.Hour)
	ahead.Seen = before
	for name, c := range map[string]struct {
		front   store.Front
		problem string // "" for no obstacle
		next    string
	}{
		"running, holds nothing since":             {front: said(store.FrontReport{Counted: after}, 0)},
		"silent now, held nothing after":           {front: said(store.FrontReport{Counted: after}, time.Hour)},
		"stopped before, held nothing":             {front: said(store.FrontReport{Counted: end.Add(-time.Hour), Stopped: true}, time.Hour)},
		"stopped, holds another day's":             {front: said(store.FrontReport{Counted: before, Stopped: true, Held: holding(day+1, store.Held{Pending: 3})}, time.Hour)},
		"retired":                                  {front: retired},
		"running, counted within the margin":       {front: said(store.FrontReport{Counted: before}, 0), problem: "has not said", next: "within seconds after"},
		"silent since before, its clock ran ahead": {front: ahead, problem: "has not said", next: "front retire 7"},
		"silent since before":                      {front: said(store.FrontReport{Counted: before}, time.Hour), problem: "has not said", next: "front retire 7"},
		"running, holds":                           {front: said(store.FrontReport{Counted: after, Held: holding(day, store.Held{Pending: 3})}, 0), problem: "holds 3 records", next: "it is running"},
		"silent, holds":                            {front: said(store.FrontReport{Counted: after, Held: holding(day, store.Held{Pending: 3})}, time.Hour), problem: "holds 3 records", next: "front retire 7 --force"},
		"stopped, holds":                           {front: said(store.FrontReport{Counted: before, Stopped: true, Held: holding(day, store.Held{Pending: 3})}, 0), problem: "holds 3 records", next: "start it"},
		"other life, holds":                        {front: other(store.FrontReport{Counted: after, Stopped: true, Held: holding(day, store.Held{Pending: 3, Quarantined: 1})}), problem: "holds 4 records of the day, and the store", next: "start the front once on the file as it was then"},
		"other life, silent since before":          {front: other(store.FrontReport{Counted: before}), problem: "did not report since the window closed, and the store", next: "front retire 7 --force"},
		"other life, held nothing after":           {front: other(store.FrontReport{Counted: after})},
		"other life, stopped, held nothing":        {front: other(store.FrontReport{Counted: before, Stopped: true})},
		"running, quarantine":                      {front: said(store.FrontReport{Counted: after, Held: holding(day, store.Held{Quarantined: 2})}, 0), problem: "2 records of the day in quarantine", next: "quarantine list"},
		"stopped, unreadable":                      {front: unreadable(said(store.FrontReport{Counted: after, Stopped: true}, time.Hour)), problem: "cannot be read", next: "front retire 7 --force"},
		"running, unreadable":                      {front: unreadable(said(store.FrontReport{Counted: after}, 0)), problem: "cannot be read", next: "writes the row anew within seconds"},
		"other life, stopped, unreadable":          {front: unreadable(other(store.FrontReport{Counted: after, Stopped: true})), problem: "an older copy of the file", next: "start the front once on the file as it was then"},
		"stopped, damaged store not recovered":     {front: said(store.FrontReport{Counted: after, Stopped: true, CorruptStores: 1}, 0), problem: "1 corrupt stores", next: "local recover"},
	} {
		t.Run(name, func(t *testing.T) {
			got := FrontObstacles([]store.Front{c.front}, day, end)
			if c.problem == "" {
				if len(got) != 0 {
					t.Errorf("%v, want no obstacle", got)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Problem, c.problem) || !strings.Contains(got[0].Next, c.next) ||
				!strings.Contains(got[0].String(), "front 7 (host seven, last seen ") {
				t.Errorf("%v, want %q and %q", got, c.problem, c.next)
			}
		})
	}
}

// TestExportWaitsForFronts: refused, unless told; then file, manifest and status say so.
func TestExportWaitsForFronts(t *testing.T) {
	s, dir := openLocal(t, filepath.Join(t.TempDir(), "local.db")), t.TempDir()
	recs := storetest.Records(day, 3)
	if err := s.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	fronts := KnownFronts{{FrontReport: store.FrontReport{
		FrontID: 2, Counted: afterClose.Add(time.Hour), Held: map[calendar.TradingDay]store.Held{day: {Pending: 4}},
	}}}
	x := exporter(t, s, dir)
	x.Fronts = fronts
	for _, kind := range []store.ExportKind{store.FullExport, store.SupplementExport} {
		var refused *ObstaclesError
		if _, err := x.Export(t.Context(), day, kind); !errors.As(err, &refused) || len(refused.Open) != 1 {
			t.Errorf("%s: %v, want an ObstaclesError", kind, err)
		}
	}
	if exports, err := s.Exports(t.Context(), day); len(exports) != 0 || err != nil {
		t.Errorf("%d exports in the ledger, error %v", len(exports), err)
	}
	st, err := (&Survey{Store: s, Fronts: fronts, Calendar: sampleCalendar(t)}).Status(t.Context(), afterClose, day)
	if err != nil || st.Good || !strings.Contains(st.Next, "front 2 ") || len(st.Obstacles.Fronts) != 1 || len(st.Obstacles.Open) != 1 {
		t.Errorf("status %+v, error %v", st, err)
	}

	x.DespiteFronts, x.By = true, "clerk@desk"
	done := mustExport(t, x, store.FullExport)
	m := wantFile(t, done.Path, store.FullExport, recs)
	if len(done.Waived) != 1 || len(m.FrontsMissing) != 1 || m.FrontsMissing[0].Pending != 4 ||
		len(m.Waived) != 1 || m.Waived[0].Records != 4 || m.Waived[0].By != "clerk@desk" || m.Waived[0].Reason != "--despite-fronts" {
		t.Errorf("waived %v, in the manifest %v and %v", done.Waived, m.FrontsMissing, m.Waived)
	}

	x.DespiteFronts, x.Fronts = false, KnownFronts{}
	done = mustExport(t, x, store.FullExport)
	if m := wantFile(t, done.Path, store.FullExport, recs); len(m.FrontsMissing) != 0 {
		t.Errorf("in the manifest %v", m.FrontsMissing)
	}
}
