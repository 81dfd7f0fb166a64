package storetest_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestRestoreFromDump: positions of a database that counted further are not taken for
// ours, and the statements of docs/settlement.md mend it.
func TestRestoreFromDump(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	recs := storetest.Records(storetest.Day, 3)
	if err := p.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	const position = "4000000000:4000000001:4000000000"
	storetest.Execute(t, p, "UPDATE record SET arrival = 3999999999")
	if err := p.AddExport(t.Context(), storetest.ExportOf(storetest.Day, position)); err != nil {
		t.Fatal(err)
	}
	snapshot, err := p.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	_, late := p.Late(t.Context())
	_, state := p.State(t.Context(), storetest.Day, position)
	for name, err := range map[string]error{
		"Late": late, "State": state, "Scan": snapshot.Scan(t.Context(), position, func(*store.Record) error { return nil }),
	} {
		if e, ok := errors.AsType[*store.AheadError](err); !ok || e.Day != storetest.Day {
			t.Errorf("%s: %v, want an AheadError", name, err)
		}
	}
	storetest.CloseIt(t, snapshot)
	for _, s := range []string{
		"UPDATE record SET arrival = 0",
		"UPDATE reassigned_from SET arrival = 0",
		"UPDATE report_export SET position = txid_current_snapshot()::text",
	} {
		storetest.Execute(t, p, s)
	}
	if got, err := p.Late(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("mended: %v, %v", got, err)
	}
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 2)); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 2 {
		t.Errorf("after new records: %v, %v", got, err)
	}
}

// TestUpgradeOfPostgres: records from before the ledger are seen by the first export and
// are not late; partitions made before get the new columns and indexes.
func TestUpgradeOfPostgres(t *testing.T) {
	t.Parallel()
	p := storetest.Connect(t, pgtest.Database(t), postgres.Options{})
	if err := storetest.MigrateTo(t.Context(), p, 1); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, p, "SELECT ensure_record_partition(20260105)")
	storetest.Execute(t, p, `INSERT INTO record SELECT gen_random_uuid(), 20260105, 1767574800, 'v', '1', '', 'x', 0, 'a', 'b', 1, 1, 1
		FROM generate_series(1, 10)`)
	if applied, err := p.Migrate(t.Context()); err != nil || len(applied) == 0 || applied[0].Version != 2 {
		t.Fatalf("%v, %v", applied, err)
	}
	checkUpgraded(t, p)
}

func TestUpgradeOfLocal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	if err := storetest.MigrateLocalTo(t.Context(), path, 1); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
		INSERT INTO record SELECT i, randomblob(16), 20260105, 1767574800, 'v', '1', '', x'00', 0, 'a', 'b', 1, 1, 1 FROM n`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	checkUpgraded(t, storetest.OpenJournalAt(t, path, journal.Options{}))
}

func checkUpgraded(t *testing.T, s storetest.ReportStore) {
	t.Helper()
	snapshot, err := s.Snapshot(t.Context(), storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	if err := snapshot.Scan(t.Context(), "", func(r *store.Record) error {
		if r.Provisional {
			t.Error("a record from before is provisional")
		}
		seen++
		return nil
	}); err != nil || seen != 10 {
		t.Errorf("%d records, %v", seen, err)
	}
	if err := s.AddExport(t.Context(), storetest.ExportOf(storetest.Day, snapshot.Position())); err != nil {
		t.Fatal(err)
	}
	storetest.CloseIt(t, snapshot)
	if err := s.Put(t.Context(), storetest.Records(storetest.Day, 2)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 2 {
		t.Errorf("late %v, %v", got, err)
	}
}

// TestSeqIsNotGivenAgain: a record that an export saw is dropped as a copy; the next record,
// in the next life of the process, must not get its seq and so pass for seen.
func TestSeqIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	guess := storetest.Record(storetest.Day)
	guess.Provisional = true
	right := guess
	right.TradingDay, right.Provisional = storetest.Day+1, false
	for _, rec := range []store.Record{right, guess} { // the guess has the highest seq
		if _, err := l.Append(t.Context(), &rec); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := l.Snapshot(t.Context(), storetest.Day+1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddExport(t.Context(), storetest.ExportOf(storetest.Day+1, snapshot.Position())); err != nil {
		t.Fatal(err)
	}
	storetest.CloseIt(t, snapshot)
	did, err := l.Reassign(t.Context(), func(time.Time) (calendar.TradingDay, bool) { return storetest.Day + 1, false }, nil)
	if err != nil || did.Dropped != 1 {
		t.Fatalf("%+v, %v", did, err)
	}
	storetest.CloseIt(t, l)
	l = storetest.OpenJournalAt(t, path, journal.Options{})
	next := storetest.Record(storetest.Day + 1)
	if _, err := l.Append(t.Context(), &next); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Late(t.Context()); err != nil || len(got) != 1 || got[0].Records != 1 {
		t.Errorf("late: %v, %v, want the record that came after the export", got, err)
	}
}

// TestForwardedMarkSurvives: the mark goes through the journal to PostgreSQL, by COPY and
// by upsert.
func TestForwardedMarkSurvives(t *testing.T) {
	t.Parallel()
	p, l := storetest.OpenPostgres(t), storetest.OpenJournal(t)
	recs := storetest.Records(storetest.Day, 4)
	for i := range recs {
		recs[i].Provisional = i%2 == 0
	}
	storetest.AppendAll(t, l, recs[:2]) // before the forwarder starts: sent by upsert
	storetest.Forward(t, l, p, forward.Options{BatchDelay: time.Millisecond})
	storetest.WantEmpty(t, l)
	storetest.AppendAll(t, l, recs[2:])
	storetest.WantEmpty(t, l)
	storetest.WantExactly(t, p, storetest.Day, recs)
}
