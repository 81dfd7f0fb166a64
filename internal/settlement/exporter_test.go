package settlement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// bothStore is what the tests need of either store.
type bothStore interface {
	storetest.ReportStore
	SurveyStore
	FindAll(ctx context.Context, ids []uuid.UUID, f func(*store.Record) error) error
	AddHandedIn(ctx context.Context, h *store.HandedIn) error
	Close() error
}

// onBothStores runs a test on an empty store of each kind.
func onBothStores(t *testing.T, test func(t *testing.T, s bothStore)) {
	t.Run("embedded", func(t *testing.T) {
		test(t, openLocal(t, filepath.Join(t.TempDir(), "local.db")))
	})
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres(t, pgtest.Database(t), true)) })
}

func openLocal(t testing.TB, path string) *journal.Journal {
	t.Helper()
	l, err := journal.Open(t.Context(), path, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func openPostgres(t testing.TB, url string, migrate bool) *postgres.Store {
	t.Helper()
	p, err := postgres.Open(t.Context(), storetest.URL(t, url), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if migrate {
		if _, err := p.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// afterClose is a moment at which the window of const day has closed.
var afterClose = time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone)

func sampleCalendar(t testing.TB) *calendar.Calendar {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func exporter(t testing.TB, s ReportStore, dir string) *Exporter {
	t.Helper()
	return &Exporter{
		Store: s, StoreKind: "test", Calendar: sampleCalendar(t), UnitID: "0001", OutDir: dir,
		Version: "v1", Host: "h", Now: func() time.Time { return afterClose },
	}
}

func mustExport(t testing.TB, x *Exporter, kind store.ExportKind) Done {
	t.Helper()
	d, err := x.Export(t.Context(), day, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t testing.TB, s store.Store, recs ...store.Record) {
	t.Helper()
	if err := s.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
}

// wantFile fails unless the file holds the lines of recs, in RecordID order, and its
// manifest says so.
func wantFile(t testing.TB, path string, kind store.ExportKind, recs []store.Record) *reportfile.Manifest {
	t.Helper()
	recs = slices.Clone(recs)
	slices.SortFunc(recs, func(a, b store.Record) int { return strings.Compare(string(a.ID[:]), string(b.ID[:])) })
	var want []byte
	for _, r := range recs {
		want = append(reportLine(&r).Append(want), '\n')
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s has %d bytes, want %d of %d records", path, len(got), len(want), len(recs))
	}
	m, err := reportfile.ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(want)
	if m.Rows != int64(len(recs)) || m.Bytes != int64(len(want)) || m.SHA256 != hex.EncodeToString(sum[:]) || m.Kind != kind {
		t.Errorf("manifest %+v", m)
	}
	return m
}

func status(t testing.TB, s SurveyStore) DayStatus {
	t.Helper()
	d, err := (&Survey{Store: s, Calendar: sampleCalendar(t)}).Status(t.Context(), afterClose, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reportPath(dir, suffix string) string {
	return filepath.Join(dir, "0001clientinfo20260105"+suffix+".txt")
}

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
	put(t, s, storetest.Records(day, 2)...)
	if st, err = survey.Status(t.Context(), afterClose, day); err != nil || st.Earlier || st.Good || !strings.HasPrefix(st.Next, "report export") {
		t.Errorf("with records: %+v, %v", st, err)
	}
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

// TestPartialGivesWayToTheReport: while the window is open a partial report shows what is
// there; once it has closed, asking for a partial one makes the report.
func TestPartialGivesWayToTheReport(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	dir := t.TempDir()
	x := exporter(t, s, dir)
	x.Now = func() time.Time { return afterClose.Add(-time.Hour) }
	mustExport(t, x, store.PartialExport)
	wantFile(t, reportPath(dir, ""), store.PartialExport, recs)
	recs = append(recs, storetest.Record(day))
	put(t, s, recs[3])
	mustExport(t, x, store.PartialExport) // replaces the one before
	wantFile(t, reportPath(dir, ""), store.PartialExport, recs)
	x.Now = func() time.Time { return afterClose }
	mustExport(t, x, store.PartialExport)
	wantFile(t, reportPath(dir, ""), store.FullExport, recs)
}

// TestForeignFileIsNotTouched: what no export made is not replaced, unless it is equal.
func TestForeignFileIsNotTouched(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, s, storetest.Records(day, 3)...)
	for name, content := range map[string]string{"edited": "edited\n", "empty": ""} {
		dir := t.TempDir()
		path := reportPath(dir, "")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := exporter(t, s, dir).Export(t.Context(), day, store.FullExport)
		var foreign *ForeignFileError
		if !errors.As(err, &foreign) || foreign.Path != path {
			t.Errorf("%s: %v, want a ForeignFileError", name, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content || len(names(t, dir)) != 1 {
			t.Errorf("%s: %q, %v; %v", name, got, err, names(t, dir))
		}
	}
	// What the ledger knows was edited since: it is foreign too.
	dir := t.TempDir()
	mustExport(t, exporter(t, s, dir), store.FullExport)
	f, err := os.OpenFile(reportPath(dir, ""), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignFileError
	if _, err := exporter(t, s, dir).Export(t.Context(), day, store.FullExport); !errors.As(err, &foreign) {
		t.Errorf("edited after the export: %v", err)
	}
}

// TestReportOfAnotherStore: two stores of one unit export into one folder. The second is refused; so is it after a manifest of the first
// that no ledger has. A store that was restored from a dump is another to the manifest, and its ledger has the file.
func TestReportOfAnotherStore(t *testing.T) {
	onBothStores(t, func(t *testing.T, a bothStore) {
		b := openLocal(t, filepath.Join(t.TempDir(), "b.db"))
		put(t, a, storetest.Records(day, 2)...)
		put(t, b, storetest.Records(day, 3)...)
		dir := t.TempDir()
		mustExport(t, exporter(t, a, dir), store.FullExport)
		before := contents(t, dir)
		var foreign *ForeignFileError
		if _, err := exporter(t, b, dir).Export(t.Context(), day, store.FullExport); !errors.As(err, &foreign) {
			t.Errorf("%v, want the other store's report to be foreign", err)
		}
		if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
			t.Error(diff)
		}
		put(t, a, storetest.Record(day))
		if d := mustExport(t, exporter(t, restored{a}, dir), store.FullExport); d.Rows != 3 || d.Replaced == nil || d.Replaced.Same {
			t.Errorf("its own report, after a restore: %+v", d)
		}
	})
}

// restored is a database as after a restore from a dump: it has its ledger, and another identity.
type restored struct{ ReportStore }

func (restored) Identity(context.Context) (string, error) { return "another", nil }

// contents are the files of a folder.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, name := range names(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

// noLedger fails to write the ledger, as when PostgreSQL goes away in the last moment.
type noLedger struct{ ReportStore }

func (noLedger) AddExport(context.Context, *store.Export) error { return errors.New("gone") }

func TestLedgerLost(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	dir := t.TempDir()
	if _, err := exporter(t, noLedger{s}, dir).Export(t.Context(), day, store.FullExport); err == nil || !strings.Contains(err.Error(), "run the export again") {
		t.Errorf("%v", err)
	}
	wantFile(t, reportPath(dir, ""), store.FullExport, recs)
	// More records came meanwhile: the manifest explains the file that is there.
	more := storetest.Record(day)
	put(t, s, more)
	mustExport(t, exporter(t, s, dir), store.FullExport)
	wantFile(t, reportPath(dir, ""), store.FullExport, append(recs, more))
	if st := status(t, s); !st.Good {
		t.Errorf("%+v", st)
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

// TestRightsOfAReport: with the rights that the store's doc.go names, a role can export,
// supplement and ask for the status, and can change nothing.
func TestRightsOfAReport(t *testing.T) {
	url := pgtest.Database(t)
	owner := openPostgres(t, url, true)
	db := administer(t, url)
	db.run("CREATE ROLE report_role",
		"GRANT SELECT ON record, reassigned_from, handed_in, archive, goose_db_version TO report_role",
		"GRANT SELECT, INSERT ON report_export, waiver TO report_role",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	t.Cleanup(func() { db.run("DROP OWNED BY report_role", "DROP ROLE report_role") })
	recs, late := storetest.Records(day, 3), storetest.Record(day)
	put(t, owner, recs...)

	restricted := openPostgres(t, url+"&role=report_role", false)
	if err := restricted.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	mustExport(t, exporter(t, restricted, dir), store.FullExport)
	put(t, owner, late)
	if got, err := restricted.Late(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("late: %v, %v", got, err)
	}
	if _, err := restricted.Left(t.Context()); err != nil {
		t.Error(err)
	}
	mustExport(t, exporter(t, restricted, dir), store.SupplementExport)
	wantFile(t, reportPath(dir, ".supplement-1"), store.SupplementExport, []store.Record{late})
	if st := status(t, restricted); !st.Good {
		t.Errorf("%+v", st)
	}
	if m, err := reportfile.ReadManifest(reportPath(dir, "")); err != nil || strings.Count(m.Store.ID, "/") != 2 {
		t.Errorf("store %+v, %v", m, err)
	}
	db.run("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC") // as a careful administrator has it; of this database alone
	if id, err := restricted.Identity(t.Context()); err != nil || id != "" {
		t.Errorf("without the right: %q, %v", id, err)
	}
	as := administer(t, url+"&role=report_role")
	for _, forbidden := range []string{
		"UPDATE record SET vendor_id = ''", "DELETE FROM record", "TRUNCATE record", "UPDATE report_export SET row_count = 0",
		"DELETE FROM report_export", "SELECT * FROM account", "SELECT * FROM app", "CREATE TABLE mine ()",
	} {
		if err := as.try(forbidden); err == nil {
			t.Errorf("a report may %s", forbidden)
		}
	}
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
