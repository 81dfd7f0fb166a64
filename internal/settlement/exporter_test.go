package settlement

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestAfternoons is the life of a day's report: made, made again, late records, their
// supplements, made anew.
func TestAfternoons(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		dir := t.TempDir()
		x := exporter(t, s, dir)
		recs := storetest.Records(day, 5)
		recs[1].Terminal, recs[1].Flag = nil, regulation.FlagTerminalEmpty
		recs[2].KeyVersion, recs[2].Flag = "2.0", regulation.FlagKeyVersion
		put(t, s, recs...)
		if st := status(t, s); st.Good || st.Records != 5 || !strings.Contains(st.Next, "report export") {
			t.Errorf("before the export: %+v", st)
		}
		first := mustExport(t, x, store.FullExport)
		m := wantFile(t, reportPath(dir, ""), store.FullExport, recs)
		if diff := cmp.Diff(map[string]int64{"normal": 3, "terminal_info_empty": 1, "key_version_abnormal": 1}, m.Flags); diff != "" {
			t.Error(diff)
		}
		if m.KeyVersions["1"] != 4 || m.KeyVersions["2.0"] != 1 || m.Vendors["vendor"] != 5 || m.OutsideWindow != 0 {
			t.Errorf("manifest %+v", m)
		}
		if !m.Window.End.Equal(afterClose) || m.Store.Position == "" || m.Store.Kind != "test" || m.Version != "v1" || m.UnitID != "0001" {
			t.Errorf("manifest %+v", m)
		}
		if again := mustExport(t, x, store.FullExport); again.SHA256 != first.SHA256 || again.Replaced == nil || !again.Replaced.Same {
			t.Errorf("again: %+v", again)
		}
		if nothing := mustExport(t, x, store.SupplementExport); !nothing.Nothing || len(names(t, dir)) != 2 {
			t.Errorf("a supplement of nothing: %+v, %v", nothing, names(t, dir))
		}
		if st := status(t, s); !st.Good || st.Reported != 5 {
			t.Errorf("after the export: %+v", st)
		}

		for n, suffix := range []string{".supplement-1", ".supplement-2"} {
			late := storetest.Records(day, n+2)
			put(t, s, late...)
			if st := status(t, s); st.Good || st.Late != int64(n+2) || !strings.Contains(st.Next, "--supplement") {
				t.Errorf("late: %+v", st)
			}
			mustExport(t, x, store.SupplementExport)
			if m := wantFile(t, reportPath(dir, suffix), store.SupplementExport, late); m.Store.After == "" {
				t.Error("the manifest does not say after which position")
			}
			recs = append(recs, late...)
			if st := status(t, s); !st.Good || st.Reported != int64(len(recs)) {
				t.Errorf("after the supplement: %+v", st)
			}
		}
		anew := mustExport(t, x, store.FullExport)
		wantFile(t, reportPath(dir, ""), store.FullExport, recs)
		if anew.Replaced == nil || anew.Replaced.Same || anew.Replaced.Rows != 5 || anew.Replaced.SHA256 != first.SHA256 {
			t.Errorf("anew: %+v", anew.Replaced)
		}
		if st := status(t, s); !st.Good || st.Reported != int64(len(recs)) || st.Last.Number != 5 {
			t.Errorf("at the end: %+v", st)
		}
	})
}

func TestExporterRefuses(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, s, storetest.Records(day, 3)...)
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		change func(*Exporter)
		day    calendar.TradingDay
		kind   store.ExportKind
		want   string
	}{
		{
			"open window", func(x *Exporter) { x.Now = func() time.Time { return afterClose.Add(-time.Nanosecond) } },
			day, store.FullExport, "closes at 2026-01-05 15:30:00",
		},
		{"weekend", func(*Exporter) {}, 20260104, store.FullExport, "belong to 20260105"},
		{"no date", func(*Exporter) {}, 20260230, store.FullExport, "not a date"},
		{"supplement of nothing", func(*Exporter) {}, day, store.SupplementExport, "without --supplement"},
		{"unit", func(x *Exporter) { x.UnitID = "../1" }, day, store.FullExport, "report unit ID"},
		{"folder", func(x *Exporter) { x.OutDir += "/none" }, day, store.FullExport, "is not there: make it"},
	} {
		x := exporter(t, s, dir)
		c.change(x)
		if _, err := x.Export(t.Context(), c.day, c.kind); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	x := exporter(t, s, dir)
	x.reached = func(string) { cancel() }
	if _, err := x.Export(ctx, day, store.FullExport); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if got, err := s.Exports(t.Context(), day); err != nil || len(got) != 0 || len(names(t, dir)) != 0 {
		t.Errorf("left %v, %v in the ledger, %v in the folder", got, err, names(t, dir))
	}
}

// TestTwoExportsAtOnce: one of them is told to run again, and doing so ends well. Until then its file is not under the report's name,
// where verify would call it good: the ledger has the other one's.
func TestTwoExportsAtOnce(t *testing.T) {
	for at, want := range map[string][]string{ // where the other one runs, and what is in the folder then
		"written":          {"0001clientinfo20260105.txt", "0001clientinfo20260105.txt.manifest.json"},
		"manifest renamed": {"0001clientinfo20260105.txt.replaced-1"}, // ours took the name from the other's
		"report renamed":   {"0001clientinfo20260105.txt", "0001clientinfo20260105.txt.manifest.json"},
	} {
		t.Run(at, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, s bothStore) {
				recs := storetest.Records(day, 3)
				put(t, s, recs...)
				dir := t.TempDir()
				x := exporter(t, s, dir)
				between := storetest.Record(day) // which the other one's snapshot has
				x.reached = func(step string) {
					if step == at {
						put(t, s, between)
						mustExport(t, exporter(t, s, dir), store.FullExport)
					}
				}
				if _, err := x.Export(t.Context(), day, store.FullExport); err == nil || !strings.Contains(err.Error(), "run it again") {
					t.Errorf("%v", err)
				}
				recs = append(recs, between)
				if got := names(t, dir); !slices.Equal(got, want) {
					t.Errorf("in the folder: %v, want %v", got, want)
				} else if len(want) == 2 {
					wantFile(t, reportPath(dir, ""), store.FullExport, recs)
				}
				x.reached = nil
				mustExport(t, x, store.FullExport)
				wantFile(t, reportPath(dir, ""), store.FullExport, recs)
			})
		})
	}
}

// TestTwoExportsOfTheSame: the file that two exports at once wrote stays, if both have the same bytes.
func TestTwoExportsOfTheSame(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	dir := t.TempDir()
	x := exporter(t, s, dir)
	x.reached = func(step string) {
		if step == "manifest renamed" {
			mustExport(t, exporter(t, s, dir), store.FullExport)
		}
	}
	if _, err := x.Export(t.Context(), day, store.FullExport); err == nil || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("%v", err)
	}
	wantFile(t, reportPath(dir, ""), store.FullExport, recs)
}

// TestOrderIsOfRecordIDs: not the order in which the stores got them.
func TestOrderIsOfRecordIDs(t *testing.T) {
	onBothStores(t, func(t *testing.T, s bothStore) {
		recs := storetest.Records(day, 50)
		for i := range recs {
			recs[i].ID = uuid.New()
			put(t, s, recs[i])
		}
		dir := t.TempDir()
		mustExport(t, exporter(t, s, dir), store.FullExport)
		wantFile(t, reportPath(dir, ""), store.FullExport, recs)
	})
}
