package settlement

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

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

// TestRightsOfAReport: with the rights that the store's doc.go names, a role can export,
// supplement and ask for the status, and can change nothing.
func TestRightsOfAReport(t *testing.T) {
	url := storetest.Migrated(t)
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

// TestFailedExportRemovesNothingForeign: an export that cannot put its manifest in place leaves what has its name, an empty folder too.
func TestFailedExportRemovesNothingForeign(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	put(t, s, storetest.Records(day, 3)...)
	dir := t.TempDir()
	folder := reportfile.ManifestName(reportPath(dir, ""))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := exporter(t, s, dir).Export(t.Context(), day, store.FullExport)
	if left := names(t, dir); err == nil || len(left) != 1 || left[0] != filepath.Base(folder) {
		t.Errorf("%v is left, want the folder %s: %v", left, folder, err)
	}
}
